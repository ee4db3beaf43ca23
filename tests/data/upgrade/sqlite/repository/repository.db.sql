BEGIN TRANSACTION;
CREATE TABLE annotations (
	id INTEGER NOT NULL, 
	image_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	namespace TEXT NOT NULL, 
	value TEXT NOT NULL, 
	pairs JSON NOT NULL, 
	digest TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (image_id, digest), 
	FOREIGN KEY(image_id) REFERENCES images (id) ON DELETE CASCADE
);
CREATE TABLE containers (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	description TEXT NOT NULL, 
	parent_id INTEGER, 
	owner_id INTEGER NOT NULL, 
	group_id INTEGER NOT NULL, 
	FOREIGN KEY(parent_id) REFERENCES containers (id) ON DELETE SET NULL, 
	FOREIGN KEY(owner_id) REFERENCES experimenters (id) ON DELETE CASCADE, 
	FOREIGN KEY(group_id) REFERENCES groups (id) ON DELETE CASCADE
);
INSERT INTO "containers" VALUES(1,'Dataset','Monday','',NULL,1,1);
CREATE TABLE experimenters (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	username TEXT NOT NULL, 
	full_name TEXT NOT NULL, 
	email TEXT NOT NULL, 
	password_hash TEXT NOT NULL, 
	is_admin BOOLEAN NOT NULL, 
	closed BOOLEAN NOT NULL, 
	UNIQUE (username)
);
INSERT INTO "experimenters" VALUES(1,'ada','Ada Lovelace','','$argon2id$v=19$m=65536,t=3,p=4$4CD7b+8KW3zenRCwRQ/ChA$FOJU5a03I/ilNyHICOpkiSWD6lZ+x3Rl5r0NeHxCigM',0,0);
CREATE TABLE filesets (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	"key" TEXT NOT NULL, 
	name TEXT NOT NULL, 
	owner_id INTEGER NOT NULL, 
	group_id INTEGER NOT NULL, 
	reserved_at DATETIME NOT NULL, 
	UNIQUE ("key"), 
	FOREIGN KEY(owner_id) REFERENCES experimenters (id) ON DELETE CASCADE, 
	FOREIGN KEY(group_id) REFERENCES groups (id) ON DELETE CASCADE
);
INSERT INTO "filesets" VALUES(1,'e4f7e2bcd26448fba16b0a97d410b86a','done',1,1,'2026-11-21 12:31:14.818791');
INSERT INTO "filesets" VALUES(3,'4d38f81f854a40e286619a09a74b5fc7','half',1,1,'2026-11-21 12:31:15.758096');
CREATE TABLE garbage (
	id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE groups (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name TEXT NOT NULL, 
	permissions TEXT NOT NULL, 
	UNIQUE (name)
);
INSERT INTO "groups" VALUES(1,'lab','read-annotate');
CREATE TABLE image_links (
	id INTEGER NOT NULL, 
	container_id INTEGER NOT NULL, 
	image_id INTEGER NOT NULL, 
	well_id INTEGER, 
	field INTEGER, 
	PRIMARY KEY (id), 
	UNIQUE (container_id, image_id), 
	FOREIGN KEY(container_id) REFERENCES containers (id) ON DELETE CASCADE, 
	FOREIGN KEY(image_id) REFERENCES images (id) ON DELETE CASCADE, 
	FOREIGN KEY(well_id) REFERENCES wells (id) ON DELETE SET NULL
);
INSERT INTO "image_links" VALUES(1,1,1,NULL,NULL);
CREATE TABLE images (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	fileset_id INTEGER NOT NULL, 
	series INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	owner_id INTEGER NOT NULL, 
	group_id INTEGER NOT NULL, 
	size_x INTEGER NOT NULL, 
	size_y INTEGER NOT NULL, 
	size_z INTEGER NOT NULL, 
	size_c INTEGER NOT NULL, 
	size_t INTEGER NOT NULL, 
	dtype TEXT NOT NULL, 
	imported_at DATETIME NOT NULL, 
	acquired_at DATETIME, 
	pixels JSON NOT NULL, 
	UNIQUE (fileset_id, series), 
	FOREIGN KEY(fileset_id) REFERENCES filesets (id) ON DELETE CASCADE, 
	FOREIGN KEY(owner_id) REFERENCES experimenters (id) ON DELETE CASCADE, 
	FOREIGN KEY(group_id) REFERENCES groups (id) ON DELETE CASCADE
);
INSERT INTO "images" VALUES(1,1,0,'done',1,1,16,16,1,1,1,'uint16','2026-11-21 12:31:14.866979',NULL,'{"source": "computed", "levels": [[16, 16]], "channels": [["Channel 1", "FFFFFF", 27.050000000000004, 4073.94]], "pixel_size_um": [null, null, null]}');
CREATE TABLE memberships (
	id INTEGER NOT NULL, 
	experimenter_id INTEGER NOT NULL, 
	group_id INTEGER NOT NULL, 
	is_owner BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (experimenter_id, group_id), 
	FOREIGN KEY(experimenter_id) REFERENCES experimenters (id) ON DELETE CASCADE, 
	FOREIGN KEY(group_id) REFERENCES groups (id) ON DELETE CASCADE
);
INSERT INTO "memberships" VALUES(1,1,1,0);
CREATE TABLE original_files (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	fileset_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	client_path TEXT NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	sha1 TEXT NOT NULL, 
	UNIQUE (fileset_id, client_path), 
	FOREIGN KEY(fileset_id) REFERENCES filesets (id) ON DELETE CASCADE
);
INSERT INTO "original_files" VALUES(1,1,0,'done.tif',768,'ade999ab044027295313a2fd0842f1848e8e33f9');
INSERT INTO "original_files" VALUES(3,3,0,'half.tif',768,'4de54a571baa47fb586125a98645a3960a61352b');
CREATE TABLE wells (
	id INTEGER NOT NULL, 
	plate_id INTEGER NOT NULL, 
	"row" INTEGER NOT NULL, 
	"column" INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (plate_id, "row", "column"), 
	FOREIGN KEY(plate_id) REFERENCES containers (id) ON DELETE CASCADE
);
CREATE INDEX ix_memberships_group_id ON memberships (group_id);
CREATE INDEX ix_memberships_experimenter_id ON memberships (experimenter_id);
CREATE INDEX ix_containers_owner_id ON containers (owner_id);
CREATE INDEX ix_containers_group_id ON containers (group_id);
CREATE INDEX ix_containers_parent_id ON containers (parent_id);
CREATE INDEX ix_filesets_owner_id ON filesets (owner_id);
CREATE INDEX ix_filesets_group_id ON filesets (group_id);
CREATE INDEX ix_original_files_fileset_id ON original_files (fileset_id);
CREATE INDEX ix_original_files_sha1 ON original_files (sha1);
CREATE INDEX ix_images_fileset_id ON images (fileset_id);
CREATE INDEX ix_images_owner_id ON images (owner_id);
CREATE INDEX ix_images_group_id ON images (group_id);
CREATE INDEX ix_wells_plate_id ON wells (plate_id);
CREATE INDEX ix_image_links_container_id ON image_links (container_id);
CREATE INDEX ix_image_links_image_id ON image_links (image_id);
CREATE INDEX ix_image_links_well_id ON image_links (well_id);
CREATE INDEX ix_annotations_image_id ON annotations (image_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('experimenters',1);
INSERT INTO "sqlite_sequence" VALUES('groups',1);
INSERT INTO "sqlite_sequence" VALUES('containers',1);
INSERT INTO "sqlite_sequence" VALUES('filesets',3);
INSERT INTO "sqlite_sequence" VALUES('original_files',3);
INSERT INTO "sqlite_sequence" VALUES('images',1);
COMMIT;
PRAGMA user_version = 1;
