BEGIN TRANSACTION;
CREATE TABLE files (
	file_id VARCHAR NOT NULL, 
	item_id VARCHAR NOT NULL, 
	transfer_id VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	client_path VARCHAR NOT NULL, 
	path VARCHAR NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	modified_ns BIGINT NOT NULL, 
	"offset" BIGINT NOT NULL, 
	sha1 VARCHAR NOT NULL, 
	done BOOLEAN NOT NULL, 
	PRIMARY KEY (file_id), 
	FOREIGN KEY(item_id) REFERENCES items (item_id) ON DELETE CASCADE
);
INSERT INTO "files" VALUES('f1','i1','t1',0,'a.tif','/data/a.tif',9,5,4,'',0);
CREATE TABLE items (
	item_id VARCHAR NOT NULL, 
	transfer_id VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	stage VARCHAR NOT NULL, 
	trouble_code VARCHAR DEFAULT '' NOT NULL, 
	trouble VARCHAR DEFAULT '' NOT NULL, 
	PRIMARY KEY (item_id), 
	FOREIGN KEY(transfer_id) REFERENCES submissions (transfer_id) ON DELETE CASCADE
);
INSERT INTO "items" VALUES('i1','t1',0,'a.tif','open','','');
CREATE TABLE submissions (
	transfer_id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	owner VARCHAR NOT NULL, 
	server_url VARCHAR NOT NULL, 
	grant_token VARCHAR NOT NULL, 
	destination VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	trouble_code VARCHAR DEFAULT '' NOT NULL, 
	trouble VARCHAR DEFAULT '' NOT NULL, 
	ended BOOLEAN NOT NULL, 
	created_at VARCHAR NOT NULL, 
	updated_at VARCHAR NOT NULL, 
	PRIMARY KEY (transfer_id)
);
INSERT INTO "submissions" VALUES('t1','import','Wednesday','ada@http://server','http://server','ta1_given','','queued','','',0,'2026-11-21T12:31:14.371656+00:00','2026-11-21T12:31:14.371656+00:00');
CREATE INDEX ix_submissions_owner ON submissions (owner);
CREATE INDEX ix_items_transfer_id ON items (transfer_id);
CREATE INDEX ix_files_item_id ON files (item_id);
CREATE INDEX ix_files_transfer_id ON files (transfer_id);
COMMIT;
PRAGMA user_version = 0;
