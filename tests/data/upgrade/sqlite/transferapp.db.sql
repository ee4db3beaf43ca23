BEGIN TRANSACTION;
CREATE TABLE application_versions (
    version_id TEXT NOT NULL PRIMARY KEY,
    version_name TEXT NOT NULL UNIQUE,
    version_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
, "application_name" TEXT DEFAULT NULL);
INSERT INTO "application_versions" VALUES('09193c4f-c3d3-4ec1-9121-703fab3fecc5','transferapp-1',1795264274000,1795264274000,'transferapp');
CREATE TABLE dbos_migrations (version INTEGER NOT NULL PRIMARY KEY);
INSERT INTO "dbos_migrations" VALUES(125);
CREATE TABLE grants (
	id VARCHAR(32) NOT NULL, 
	token_hash VARCHAR(64) NOT NULL, 
	scope VARCHAR(16) NOT NULL, 
	username TEXT NOT NULL, 
	transfer_id VARCHAR(32), 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	last_used_at DATETIME, 
	revoked_at DATETIME, 
	PRIMARY KEY (id), 
	UNIQUE (token_hash)
);
INSERT INTO "grants" VALUES('cff9adc1432a4540bc6e8f3732a9619e','4fcadb14890fd26e67c5105223b75b1aad38befa77ff0e3c047ee677831ce48d','session','ada',NULL,'2026-11-21 12:31:14.362641','2036-11-18 12:31:14.362641',NULL,NULL);
INSERT INTO "grants" VALUES('261c4c0b37fc4fae9f827e1145e86df5','faa3f6833a058d2bfac4ccca6510838a1a62562ae440ed75a17d90e30ea8fcb1','transfer','ada','a8b6adc82ac143acb74966d77a19f240','2026-11-21 12:31:14.384892','2036-11-18 12:31:14.384892',NULL,NULL);
INSERT INTO "grants" VALUES('dc24023a2a8340e08f71e0b8b6351136','f949ab2b8bf18375431ccab62e78af2a987b825790ac285b766f941d98211512','transfer','ada','37049cd3521b466fb815978ba58c22e4','2026-11-21 12:31:14.424428','2036-11-18 12:31:14.424428',NULL,NULL);
CREATE TABLE ledger_events (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	kind VARCHAR(32) NOT NULL, 
	owner TEXT NOT NULL, 
	transfer_id VARCHAR(32) NOT NULL, 
	item_id VARCHAR(32) DEFAULT '' NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	title TEXT DEFAULT '' NOT NULL, 
	message TEXT DEFAULT '' NOT NULL, 
	created_at DATETIME NOT NULL
);
INSERT INTO "ledger_events" VALUES(1,'transfer.changed','ada','a8b6adc82ac143acb74966d77a19f240','','queued','Monday','','2026-11-21 12:31:14.380439');
INSERT INTO "ledger_events" VALUES(2,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','e4f7e2bcd26448fba16b0a97d410b86a','uploading','done','','2026-11-21 12:31:14.397618');
INSERT INTO "ledger_events" VALUES(3,'transfer.changed','ada','a8b6adc82ac143acb74966d77a19f240','','uploading','Monday','','2026-11-21 12:31:14.397618');
INSERT INTO "ledger_events" VALUES(4,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','a5d539accb27496dac69cca1f8845d15','uploading','waits','','2026-11-21 12:31:14.406506');
INSERT INTO "ledger_events" VALUES(5,'transfer.changed','ada','a8b6adc82ac143acb74966d77a19f240','','uploading','Monday','','2026-11-21 12:31:14.406506');
INSERT INTO "ledger_events" VALUES(6,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','00a0261e98eb414caf84293ad725f6fb','uploading','broken','','2026-11-21 12:31:14.409175');
INSERT INTO "ledger_events" VALUES(7,'transfer.changed','ada','a8b6adc82ac143acb74966d77a19f240','','uploading','Monday','','2026-11-21 12:31:14.409175');
INSERT INTO "ledger_events" VALUES(8,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','4d38f81f854a40e286619a09a74b5fc7','uploading','half','','2026-11-21 12:31:14.414889');
INSERT INTO "ledger_events" VALUES(9,'transfer.changed','ada','a8b6adc82ac143acb74966d77a19f240','','uploading','Monday','','2026-11-21 12:31:14.414889');
INSERT INTO "ledger_events" VALUES(10,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','498b4ffa4d3c4473b447bb04d90c7906','uploading','queued','','2026-11-21 12:31:14.421130');
INSERT INTO "ledger_events" VALUES(11,'transfer.changed','ada','a8b6adc82ac143acb74966d77a19f240','','uploading','Monday','','2026-11-21 12:31:14.421130');
INSERT INTO "ledger_events" VALUES(12,'transfer.changed','ada','37049cd3521b466fb815978ba58c22e4','','queued','Tuesday','','2026-11-21 12:31:14.422715');
INSERT INTO "ledger_events" VALUES(13,'item.changed','ada','37049cd3521b466fb815978ba58c22e4','23e47e799682453f8dacadfd0f743283','uploading','half-uploaded','','2026-11-21 12:31:14.426539');
INSERT INTO "ledger_events" VALUES(14,'transfer.changed','ada','37049cd3521b466fb815978ba58c22e4','','uploading','Tuesday','','2026-11-21 12:31:14.426539');
INSERT INTO "ledger_events" VALUES(15,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','e4f7e2bcd26448fba16b0a97d410b86a','importing','done','step 1 of 5: preparing the place in the repository','2026-11-21 12:31:14.811059');
INSERT INTO "ledger_events" VALUES(16,'transfer.changed','ada','a8b6adc82ac143acb74966d77a19f240','','uploading','Monday','','2026-11-21 12:31:14.811059');
INSERT INTO "ledger_events" VALUES(17,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','e4f7e2bcd26448fba16b0a97d410b86a','importing','done','step 2 of 5: copying the files into the repository','2026-11-21 12:31:14.823900');
INSERT INTO "ledger_events" VALUES(18,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','e4f7e2bcd26448fba16b0a97d410b86a','importing','done','step 3 of 5: checking the checksums of the copies','2026-11-21 12:31:14.836542');
INSERT INTO "ledger_events" VALUES(19,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','e4f7e2bcd26448fba16b0a97d410b86a','importing','done','step 4 of 5: reading the images','2026-11-21 12:31:14.843335');
INSERT INTO "ledger_events" VALUES(20,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','e4f7e2bcd26448fba16b0a97d410b86a','importing','done','step 5 of 5: comparing the repository with the source','2026-11-21 12:31:14.871713');
INSERT INTO "ledger_events" VALUES(21,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','e4f7e2bcd26448fba16b0a97d410b86a','imported','done','','2026-11-21 12:31:14.875455');
INSERT INTO "ledger_events" VALUES(22,'transfer.changed','ada','a8b6adc82ac143acb74966d77a19f240','','uploading','Monday','','2026-11-21 12:31:14.875455');
INSERT INTO "ledger_events" VALUES(23,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','a5d539accb27496dac69cca1f8845d15','importing','waits','step 1 of 5: preparing the place in the repository','2026-11-21 12:31:15.123721');
INSERT INTO "ledger_events" VALUES(24,'transfer.changed','ada','a8b6adc82ac143acb74966d77a19f240','','uploading','Monday','','2026-11-21 12:31:15.123721');
INSERT INTO "ledger_events" VALUES(25,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','a5d539accb27496dac69cca1f8845d15','waiting','waits','It is tried again by itself.','2026-11-21 12:31:15.193395');
INSERT INTO "ledger_events" VALUES(26,'item.trouble','ada','a8b6adc82ac143acb74966d77a19f240','a5d539accb27496dac69cca1f8845d15','waiting','Not available right now','waits: The repository is away.','2026-11-21 12:31:15.193395');
INSERT INTO "ledger_events" VALUES(27,'transfer.changed','ada','a8b6adc82ac143acb74966d77a19f240','','uploading','Monday','','2026-11-21 12:31:15.193395');
INSERT INTO "ledger_events" VALUES(28,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','00a0261e98eb414caf84293ad725f6fb','importing','broken','step 1 of 5: preparing the place in the repository','2026-11-21 12:31:15.435054');
INSERT INTO "ledger_events" VALUES(29,'transfer.changed','ada','a8b6adc82ac143acb74966d77a19f240','','uploading','Monday','','2026-11-21 12:31:15.435054');
INSERT INTO "ledger_events" VALUES(30,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','00a0261e98eb414caf84293ad725f6fb','importing','broken','step 2 of 5: copying the files into the repository','2026-11-21 12:31:15.441197');
INSERT INTO "ledger_events" VALUES(31,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','00a0261e98eb414caf84293ad725f6fb','importing','broken','step 3 of 5: checking the checksums of the copies','2026-11-21 12:31:15.448894');
INSERT INTO "ledger_events" VALUES(32,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','00a0261e98eb414caf84293ad725f6fb','importing','broken','step 4 of 5: reading the images','2026-11-21 12:31:15.453414');
INSERT INTO "ledger_events" VALUES(33,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','00a0261e98eb414caf84293ad725f6fb','failed','broken','','2026-11-21 12:31:15.458859');
INSERT INTO "ledger_events" VALUES(34,'item.trouble','ada','a8b6adc82ac143acb74966d77a19f240','00a0261e98eb414caf84293ad725f6fb','failed','The file is damaged or incomplete','broken: The content of ''broken.tif'' is not what its name says. Copy or export it again, then retry.','2026-11-21 12:31:15.458859');
INSERT INTO "ledger_events" VALUES(35,'transfer.changed','ada','a8b6adc82ac143acb74966d77a19f240','','uploading','Monday','','2026-11-21 12:31:15.458859');
INSERT INTO "ledger_events" VALUES(36,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','4d38f81f854a40e286619a09a74b5fc7','importing','half','step 1 of 5: preparing the place in the repository','2026-11-21 12:31:15.754986');
INSERT INTO "ledger_events" VALUES(37,'transfer.changed','ada','a8b6adc82ac143acb74966d77a19f240','','uploading','Monday','','2026-11-21 12:31:15.754986');
INSERT INTO "ledger_events" VALUES(38,'item.changed','ada','a8b6adc82ac143acb74966d77a19f240','4d38f81f854a40e286619a09a74b5fc7','importing','half','step 2 of 5: copying the files into the repository','2026-11-21 12:31:15.761486');
CREATE TABLE ledger_files (
	seq INTEGER NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	item_id VARCHAR(32) NOT NULL, 
	transfer_id VARCHAR(32) NOT NULL, 
	client_path TEXT NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	bytes_done BIGINT DEFAULT '0' NOT NULL, 
	sealed BOOLEAN DEFAULT 0 NOT NULL, 
	sha1 VARCHAR(40) DEFAULT '' NOT NULL, 
	repository_file_id BIGINT, 
	PRIMARY KEY (seq), 
	UNIQUE (id), 
	FOREIGN KEY(item_id) REFERENCES ledger_items (id)
);
INSERT INTO "ledger_files" VALUES(1,'e35086dc75bf491cba9e85e802bf121b','e4f7e2bcd26448fba16b0a97d410b86a','a8b6adc82ac143acb74966d77a19f240','done.tif',768,768,1,'ade999ab044027295313a2fd0842f1848e8e33f9',NULL);
INSERT INTO "ledger_files" VALUES(2,'88db54bb91bd4a49898f5075c5d64fb3','a5d539accb27496dac69cca1f8845d15','a8b6adc82ac143acb74966d77a19f240','waits.tif',768,768,1,'152a6b4534f959482074a4f7faad78747f2cc4a5',NULL);
INSERT INTO "ledger_files" VALUES(3,'7cfd32eb59bd4a85a756727d57b8d9ce','00a0261e98eb414caf84293ad725f6fb','a8b6adc82ac143acb74966d77a19f240','broken.tif',8,8,1,'f64dc8a54d2b56417d87510dc98e69cf06276ecd',NULL);
INSERT INTO "ledger_files" VALUES(4,'d181fe605a4a40d7bad20f27d4d9aec1','4d38f81f854a40e286619a09a74b5fc7','a8b6adc82ac143acb74966d77a19f240','half.tif',768,768,1,'4de54a571baa47fb586125a98645a3960a61352b',NULL);
INSERT INTO "ledger_files" VALUES(5,'417cc6a0039444bfb66e286c43f025d3','498b4ffa4d3c4473b447bb04d90c7906','a8b6adc82ac143acb74966d77a19f240','queued.tif',768,768,1,'f574fae2a816174b28e3370458436b991e19898c',NULL);
INSERT INTO "ledger_files" VALUES(6,'093ddd932c8f4b96832c7fa766ed4d1a','23e47e799682453f8dacadfd0f743283','37049cd3521b466fb815978ba58c22e4','half-uploaded.tif',100,40,0,'',NULL);
CREATE TABLE ledger_items (
	seq INTEGER NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	transfer_id VARCHAR(32) NOT NULL, 
	name TEXT DEFAULT '' NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	file_count BIGINT DEFAULT '0' NOT NULL, 
	files_sealed BIGINT DEFAULT '0' NOT NULL, 
	size_bytes BIGINT DEFAULT '0' NOT NULL, 
	bytes_done BIGINT DEFAULT '0' NOT NULL, 
	note TEXT DEFAULT '' NOT NULL, 
	trouble JSON, 
	image_ids JSON NOT NULL, 
	verified BOOLEAN DEFAULT 0 NOT NULL, 
	updated_at DATETIME NOT NULL, 
	PRIMARY KEY (seq), 
	UNIQUE (id), 
	FOREIGN KEY(transfer_id) REFERENCES ledger_transfers (id)
);
INSERT INTO "ledger_items" VALUES(1,'e4f7e2bcd26448fba16b0a97d410b86a','a8b6adc82ac143acb74966d77a19f240','done','imported',1,1,768,768,'',NULL,'[1]',1,'2026-11-21 12:31:14.875455');
INSERT INTO "ledger_items" VALUES(2,'a5d539accb27496dac69cca1f8845d15','a8b6adc82ac143acb74966d77a19f240','waits','waiting',1,1,768,768,'It is tried again by itself.','{"code": "unavailable", "title": "Not available right now", "message": "The repository is away.", "retryable": true, "retry_at": "2026-11-21T12:31:19.973005+00:00"}','[]',0,'2026-11-21 12:31:15.193395');
INSERT INTO "ledger_items" VALUES(3,'00a0261e98eb414caf84293ad725f6fb','a8b6adc82ac143acb74966d77a19f240','broken','failed',1,1,8,8,'','{"code": "damaged-file", "title": "The file is damaged or incomplete", "message": "The content of ''broken.tif'' is not what its name says. Copy or export it again, then retry.", "retryable": false, "retry_at": null}','[]',0,'2026-11-21 12:31:15.458859');
INSERT INTO "ledger_items" VALUES(4,'4d38f81f854a40e286619a09a74b5fc7','a8b6adc82ac143acb74966d77a19f240','half','importing',1,1,768,768,'step 2 of 5: copying the files into the repository',NULL,'[]',0,'2026-11-21 12:31:15.761486');
INSERT INTO "ledger_items" VALUES(5,'498b4ffa4d3c4473b447bb04d90c7906','a8b6adc82ac143acb74966d77a19f240','queued','uploading',1,1,768,768,'',NULL,'[]',0,'2026-11-21 12:31:14.421130');
INSERT INTO "ledger_items" VALUES(6,'23e47e799682453f8dacadfd0f743283','37049cd3521b466fb815978ba58c22e4','half-uploaded','uploading',1,0,100,40,'',NULL,'[]',0,'2026-11-21 12:31:14.426539');
CREATE TABLE ledger_transfers (
	seq INTEGER NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	name TEXT DEFAULT '' NOT NULL, 
	owner TEXT NOT NULL, 
	request_key TEXT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	target VARCHAR(64), 
	target_name TEXT DEFAULT '' NOT NULL, 
	group_id BIGINT, 
	annotations JSON NOT NULL, 
	states JSON NOT NULL, 
	settled BIGINT DEFAULT '0' NOT NULL, 
	verified BIGINT DEFAULT '0' NOT NULL, 
	file_count BIGINT DEFAULT '0' NOT NULL, 
	size_bytes BIGINT DEFAULT '0' NOT NULL, 
	bytes_done BIGINT DEFAULT '0' NOT NULL, 
	trouble JSON, 
	trouble_item VARCHAR(32), 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	progress_told_at DATETIME, 
	PRIMARY KEY (seq), 
	UNIQUE (owner, request_key), 
	UNIQUE (id)
);
INSERT INTO "ledger_transfers" VALUES(1,'a8b6adc82ac143acb74966d77a19f240','import','Monday','ada','Monday','uploading','Dataset:1','Monday',1,'[]','{"uploading": 1, "imported": 1, "waiting": 1, "failed": 1, "importing": 1}',5,1,5,3080,3080,'{"code": "damaged-file", "title": "The file is damaged or incomplete", "message": "The content of ''broken.tif'' is not what its name says. Copy or export it again, then retry.", "retryable": false, "retry_at": null}','00a0261e98eb414caf84293ad725f6fb','2026-11-21 12:31:14.380439','2026-11-21 12:31:15.761486','2026-11-21 12:31:15.754986');
INSERT INTO "ledger_transfers" VALUES(2,'37049cd3521b466fb815978ba58c22e4','import','Tuesday','ada','Tuesday','uploading','Dataset:1','Monday',1,'[]','{"uploading": 1}',0,0,1,100,40,NULL,NULL,'2026-11-21 12:31:14.422715','2026-11-21 12:31:14.426539','2026-11-21 12:31:14.426539');
CREATE TABLE notifications (
    message_uuid TEXT NOT NULL DEFAULT (hex(randomblob(16))) PRIMARY KEY,
    destination_uuid TEXT NOT NULL,
    topic TEXT,
    message TEXT NOT NULL,
    created_at_epoch_ms INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000), "serialization" TEXT DEFAULT NULL, "consumed" BOOLEAN NOT NULL DEFAULT FALSE, consumed_by_function_id INTEGER,
    FOREIGN KEY (destination_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE notify_code (
	id INTEGER NOT NULL, 
	username TEXT NOT NULL, 
	address TEXT NOT NULL, 
	code_hash VARCHAR(64) NOT NULL, 
	sent_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	tries INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE notify_delivery (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	event_id BIGINT NOT NULL, 
	username TEXT NOT NULL, 
	channel VARCHAR(16) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	transfer_id VARCHAR(32) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	title TEXT NOT NULL, 
	text TEXT NOT NULL, 
	count INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	recorded_at DATETIME NOT NULL, 
	batch VARCHAR(32) DEFAULT '' NOT NULL, 
	queued BOOLEAN DEFAULT 0 NOT NULL, 
	settled_at DATETIME, 
	error TEXT DEFAULT '' NOT NULL, 
	read_at DATETIME, 
	UNIQUE (event_id, username, channel)
);
INSERT INTO "notify_delivery" VALUES(1,26,'ada','inbox','item.trouble','a8b6adc82ac143acb74966d77a19f240','waiting','Not available right now','waits: The repository is away.',2,'2026-11-21 12:31:15.193395','2026-11-21 12:31:15.496816','',0,'2026-11-21 12:31:15.496816','',NULL);
INSERT INTO "notify_delivery" VALUES(2,26,'ada','mail','item.trouble','a8b6adc82ac143acb74966d77a19f240','waiting','Not available right now','waits: The repository is away.',2,'2026-11-21 12:31:15.193395','2026-11-21 12:31:15.498169','',0,NULL,'',NULL);
CREATE TABLE notify_position (
	name VARCHAR(32) NOT NULL, 
	event_id BIGINT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "notify_position" VALUES('ledger',35);
CREATE TABLE notify_preference (
	username TEXT NOT NULL, 
	channels JSON NOT NULL, 
	address TEXT NOT NULL, 
	address_verified BOOLEAN NOT NULL, 
	webhook_url TEXT NOT NULL, 
	webhook_secret TEXT NOT NULL, 
	PRIMARY KEY (username)
);
INSERT INTO "notify_preference" VALUES('ada','["inbox", "mail"]','ada@example.org',1,'','');
CREATE TABLE "operation_outputs" (
    workflow_uuid TEXT NOT NULL,
    function_id INTEGER NOT NULL,
    function_name TEXT NOT NULL DEFAULT '',
    output TEXT,
    error TEXT,
    child_workflow_id TEXT,
    started_at_epoch_ms INTEGER,
    completed_at_epoch_ms INTEGER,
    serialization TEXT,
    application_name TEXT DEFAULT NULL,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    PRIMARY KEY (workflow_uuid, function_id)
);
INSERT INTO "operation_outputs" VALUES('e4f7e2bcd26448fba16b0a97d410b86a',1,'reserve','1',NULL,NULL,1795264274805,1795264274819,'portable_json','transferapp',1795264274000);
INSERT INTO "operation_outputs" VALUES('e4f7e2bcd26448fba16b0a97d410b86a',2,'store','1',NULL,NULL,1795264274821,1795264274833,'portable_json','transferapp',1795264274000);
INSERT INTO "operation_outputs" VALUES('e4f7e2bcd26448fba16b0a97d410b86a',3,'verify','1',NULL,NULL,1795264274834,1795264274840,'portable_json','transferapp',1795264274000);
INSERT INTO "operation_outputs" VALUES('e4f7e2bcd26448fba16b0a97d410b86a',4,'register','[1]',NULL,NULL,1795264274842,1795264274868,'portable_json','transferapp',1795264274000);
INSERT INTO "operation_outputs" VALUES('e4f7e2bcd26448fba16b0a97d410b86a',5,'reconcile','[1]',NULL,NULL,1795264274870,1795264274874,'portable_json','transferapp',1795264274000);
INSERT INTO "operation_outputs" VALUES('a5d539accb27496dac69cca1f8845d15',1,'reserve',NULL,'{"name":"Unavailable","message":"The repository is away.","code":"unavailable"}',NULL,1795264275121,1795264275188,'portable_json','transferapp',1795264275000);
INSERT INTO "operation_outputs" VALUES('00a0261e98eb414caf84293ad725f6fb',1,'reserve','2',NULL,NULL,1795264275433,1795264275439,'portable_json','transferapp',1795264275000);
INSERT INTO "operation_outputs" VALUES('00a0261e98eb414caf84293ad725f6fb',2,'store','2',NULL,NULL,1795264275440,1795264275446,'portable_json','transferapp',1795264275000);
INSERT INTO "operation_outputs" VALUES('00a0261e98eb414caf84293ad725f6fb',3,'verify','2',NULL,NULL,1795264275447,1795264275451,'portable_json','transferapp',1795264275000);
INSERT INTO "operation_outputs" VALUES('00a0261e98eb414caf84293ad725f6fb',4,'register',NULL,'{"name":"DamagedFile","message":"The content of ''broken.tif'' is not what its name says. Copy or export it again, then retry.","code":"damaged-file"}',NULL,1795264275452,1795264275456,'portable_json','transferapp',1795264275000);
INSERT INTO "operation_outputs" VALUES('4d38f81f854a40e286619a09a74b5fc7',1,'reserve','3',NULL,NULL,1795264275753,1795264275759,'portable_json','transferapp',1795264275000);
CREATE TABLE queues (
    queue_id TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    name TEXT NOT NULL UNIQUE,
    concurrency INTEGER,
    worker_concurrency INTEGER,
    rate_limit_max INTEGER,
    rate_limit_period_sec REAL,
    priority_enabled BOOLEAN NOT NULL DEFAULT FALSE,
    partition_queue BOOLEAN NOT NULL DEFAULT FALSE,
    polling_interval_sec REAL NOT NULL DEFAULT 1.0,
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
, "application_name" TEXT DEFAULT NULL, "partition_concurrency" INTEGER DEFAULT NULL, "partition_worker_concurrency" INTEGER DEFAULT NULL, "partition_rate_limit_max" INTEGER DEFAULT NULL, "partition_rate_limit_period_sec" REAL DEFAULT NULL);
INSERT INTO "queues" VALUES('483054B3457134699878BEF437EAAF7B','target:repository',1,NULL,NULL,NULL,1,1,0.3,1795264274000,1795264274472,'transferapp',1,NULL,NULL,NULL);
CREATE TABLE streams (
    workflow_uuid TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    "offset" INTEGER NOT NULL, function_id INTEGER NOT NULL DEFAULT 0, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, key, "offset"),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE task (
	id VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	version INTEGER NOT NULL, 
	target VARCHAR(128) NOT NULL, 
	owner VARCHAR(256) NOT NULL, 
	priority INTEGER NOT NULL, 
	payload TEXT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	attempts INTEGER NOT NULL, 
	defects INTEGER NOT NULL, 
	crashes INTEGER NOT NULL, 
	created_at DOUBLE NOT NULL, 
	updated_at DOUBLE NOT NULL, 
	retry_at DOUBLE, 
	error_code VARCHAR(64) NOT NULL, 
	error TEXT NOT NULL, 
	step VARCHAR(128) NOT NULL, 
	progress DOUBLE NOT NULL, 
	note TEXT NOT NULL, 
	run VARCHAR(64) NOT NULL, 
	told BOOLEAN NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "task" VALUES('e4f7e2bcd26448fba16b0a97d410b86a','import-fileset',1,'repository','ada',100,'{"transfer_id":"a8b6adc82ac143acb74966d77a19f240","item_id":"e4f7e2bcd26448fba16b0a97d410b86a"}','done',0,0,0,1.79526427449820804595e+09,1.79526427487751889227e+09,NULL,'','','reconcile',1.0,'preparing the place in the repository','92ce13240d6d4fc78c29f5c037e5756d',1);
INSERT INTO "task" VALUES('a5d539accb27496dac69cca1f8845d15','import-fileset',1,'repository','ada',100,'{"transfer_id":"a8b6adc82ac143acb74966d77a19f240","item_id":"a5d539accb27496dac69cca1f8845d15"}','waiting',1,0,0,1.7952642749154939651e+09,1.79526427519511795043e+09,1.79526427997300481792e+09,'unavailable','The repository is away.','reserve',0.0,'preparing the place in the repository','ff98b72fc17a4bbb84427d5dfb51b1a0',1);
INSERT INTO "task" VALUES('00a0261e98eb414caf84293ad725f6fb','import-fileset',1,'repository','ada',100,'{"transfer_id":"a8b6adc82ac143acb74966d77a19f240","item_id":"00a0261e98eb414caf84293ad725f6fb"}','dead',1,0,0,1.7952642752388169766e+09,1.79526427546493101122e+09,NULL,'damaged-file','The content of ''broken.tif'' is not what its name says. Copy or export it again, then retry.','register',0.0,'preparing the place in the repository','9ee47a425f0744fa87e9d12a9988dcc1',1);
INSERT INTO "task" VALUES('4d38f81f854a40e286619a09a74b5fc7','import-fileset',1,'repository','ada',100,'{"transfer_id":"a8b6adc82ac143acb74966d77a19f240","item_id":"4d38f81f854a40e286619a09a74b5fc7"}','running',0,0,0,1795264275.5014,1.79526427576086091992e+09,NULL,'','','store',0.0,'preparing the place in the repository','a23f71b6d88d4a89869f2552094e483e',1);
INSERT INTO "task" VALUES('498b4ffa4d3c4473b447bb04d90c7906','import-fileset',1,'repository','ada',100,'{"transfer_id":"a8b6adc82ac143acb74966d77a19f240","item_id":"498b4ffa4d3c4473b447bb04d90c7906"}','queued',0,0,0,1.7952642757666330337e+09,1.7952642757666330337e+09,NULL,'','','',0.0,'','',1);
CREATE TABLE task_lease (
	name VARCHAR(64) NOT NULL, 
	holder VARCHAR(128) NOT NULL, 
	until DOUBLE NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "task_lease" VALUES('janitor','vm:20858:f70f2f9f',1.79526428446599459641e+09);
CREATE TABLE task_target (
	name VARCHAR(128) NOT NULL, 
	paused BOOLEAN NOT NULL, 
	ceiling INTEGER NOT NULL, 
	"limit" INTEGER NOT NULL, 
	usual_s DOUBLE NOT NULL, 
	failures INTEGER NOT NULL, 
	outages INTEGER NOT NULL, 
	probe_at DOUBLE NOT NULL, 
	probe VARCHAR(64) NOT NULL, 
	probe_since DOUBLE NOT NULL, 
	done INTEGER NOT NULL, 
	failed INTEGER NOT NULL, 
	seconds DOUBLE NOT NULL, 
	worked_at DOUBLE NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "task_target" VALUES('repository',0,1,1,0.0,1,0,0.0,'',0.0,1,1,0.0732755349999934,1.79526427519062209132e+09);
CREATE TABLE task_worker (
	id VARCHAR(128) NOT NULL, 
	host VARCHAR(256) NOT NULL, 
	pid INTEGER NOT NULL, 
	started_at DOUBLE NOT NULL, 
	seen_at DOUBLE NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "task_worker" VALUES('vm:20858:f70f2f9f','vm:1ff684a9-081a-4b71-8fdd-cf9407c60bfc:4026531836',20858,1795264273.13,1.79526427446498870852e+09);
CREATE TABLE workflow_events (
    workflow_uuid TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, key),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_events_history (
    workflow_uuid TEXT NOT NULL,
    function_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, function_id, key),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid)
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_input (
    workflow_uuid TEXT NOT NULL PRIMARY KEY,
    inputs TEXT,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
);
INSERT INTO "workflow_input" VALUES('e4f7e2bcd26448fba16b0a97d410b86a','{"namedArgs":{},"positionalArgs":["e4f7e2bcd26448fba16b0a97d410b86a"]}',1795264274000);
INSERT INTO "workflow_input" VALUES('a5d539accb27496dac69cca1f8845d15','{"namedArgs":{},"positionalArgs":["a5d539accb27496dac69cca1f8845d15"]}',1795264274000);
INSERT INTO "workflow_input" VALUES('00a0261e98eb414caf84293ad725f6fb','{"namedArgs":{},"positionalArgs":["00a0261e98eb414caf84293ad725f6fb"]}',1795264275000);
INSERT INTO "workflow_input" VALUES('4d38f81f854a40e286619a09a74b5fc7','{"namedArgs":{},"positionalArgs":["4d38f81f854a40e286619a09a74b5fc7"]}',1795264275000);
INSERT INTO "workflow_input" VALUES('498b4ffa4d3c4473b447bb04d90c7906','{"namedArgs":{},"positionalArgs":["498b4ffa4d3c4473b447bb04d90c7906"]}',1795264275000);
CREATE TABLE workflow_output (
    workflow_uuid TEXT NOT NULL PRIMARY KEY,
    output TEXT,
    error TEXT,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
);
INSERT INTO "workflow_output" VALUES('e4f7e2bcd26448fba16b0a97d410b86a','null',NULL,1795264274000);
INSERT INTO "workflow_output" VALUES('a5d539accb27496dac69cca1f8845d15','null',NULL,1795264275000);
INSERT INTO "workflow_output" VALUES('00a0261e98eb414caf84293ad725f6fb','null',NULL,1795264275000);
CREATE TABLE workflow_schedules (
    schedule_id TEXT PRIMARY KEY,
    schedule_name TEXT NOT NULL UNIQUE,
    workflow_name TEXT NOT NULL,
    workflow_class_name TEXT,
    schedule TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'ACTIVE',
    context TEXT NOT NULL
, "last_fired_at" TEXT DEFAULT NULL, "automatic_backfill" BOOLEAN NOT NULL DEFAULT FALSE, "cron_timezone" TEXT DEFAULT NULL, "queue_name" TEXT DEFAULT NULL, "application_name" TEXT DEFAULT NULL);
CREATE TABLE workflow_status (
    workflow_uuid TEXT PRIMARY KEY,
    status TEXT,
    name TEXT,
    authenticated_user TEXT,
    assumed_role TEXT,
    authenticated_roles TEXT,
    request TEXT,
    output TEXT,
    error TEXT,
    executor_id TEXT,
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    application_version TEXT,
    application_id TEXT,
    class_name TEXT DEFAULT NULL,
    config_name TEXT DEFAULT NULL,
    recovery_attempts INTEGER DEFAULT 0,
    queue_name TEXT,
    workflow_timeout_ms INTEGER,
    workflow_deadline_epoch_ms INTEGER,
    inputs TEXT,
    started_at_epoch_ms INTEGER,
    deduplication_id TEXT,
    priority INTEGER NOT NULL DEFAULT 0
, queue_partition_key TEXT, forked_from TEXT, "owner_xid" TEXT DEFAULT NULL, "parent_workflow_id" TEXT DEFAULT NULL, "serialization" TEXT DEFAULT NULL, "delay_until_epoch_ms" BIGINT DEFAULT NULL, "was_forked_from" BOOLEAN NOT NULL DEFAULT FALSE, "rate_limited" BOOLEAN NOT NULL DEFAULT FALSE, "completed_at" BIGINT, "attributes" TEXT, "schedule_name" TEXT, "debounce_deadline_epoch_ms" BIGINT DEFAULT NULL, "is_debounced" BOOLEAN NOT NULL DEFAULT FALSE, "application_name" TEXT DEFAULT NULL, "creator_xid" TEXT DEFAULT NULL);
INSERT INTO "workflow_status" VALUES('e4f7e2bcd26448fba16b0a97d410b86a','SUCCESS','transferapp-task',NULL,NULL,NULL,NULL,NULL,NULL,'vm:20858:f70f2f9f',1795264274000,1795264274000,'transferapp-1',NULL,NULL,NULL,1,'target:repository',NULL,NULL,NULL,1795264274000,NULL,100,'ada',NULL,NULL,NULL,'portable_json',NULL,0,0,1795264274000,'null',NULL,NULL,0,'transferapp','b1ffba38-33a0-40e3-9202-0c705a91eec3');
INSERT INTO "workflow_status" VALUES('a5d539accb27496dac69cca1f8845d15','SUCCESS','transferapp-task',NULL,NULL,NULL,NULL,NULL,NULL,'vm:20858:f70f2f9f',1795264274000,1795264275000,'transferapp-1',NULL,NULL,NULL,1,'target:repository',NULL,NULL,NULL,1795264275000,NULL,100,'ada',NULL,NULL,NULL,'portable_json',NULL,0,0,1795264275000,'null',NULL,NULL,0,'transferapp','da4cb4b0-2a8c-437b-93db-6a06ddd8fe74');
INSERT INTO "workflow_status" VALUES('00a0261e98eb414caf84293ad725f6fb','SUCCESS','transferapp-task',NULL,NULL,NULL,NULL,NULL,NULL,'vm:20858:f70f2f9f',1795264275000,1795264275000,'transferapp-1',NULL,NULL,NULL,1,'target:repository',NULL,NULL,NULL,1795264275000,NULL,100,'ada',NULL,NULL,NULL,'portable_json',NULL,0,0,1795264275000,'null',NULL,NULL,0,'transferapp','ab0711f3-6f03-470e-9780-d627036653ec');
INSERT INTO "workflow_status" VALUES('4d38f81f854a40e286619a09a74b5fc7','PENDING','transferapp-task',NULL,NULL,NULL,NULL,NULL,NULL,'vm:20858:f70f2f9f',1795264275000,1795264275000,'transferapp-1',NULL,NULL,NULL,1,'target:repository',NULL,NULL,NULL,1795264275000,NULL,100,'ada',NULL,'6f527eb1-3b4a-44ef-b67f-0af8b8e3945f',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'transferapp','ec1462c7-dfa0-4963-9078-466073f18ca4');
INSERT INTO "workflow_status" VALUES('498b4ffa4d3c4473b447bb04d90c7906','ENQUEUED','transferapp-task',NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795264275000,1795264275000,'transferapp-1',NULL,NULL,NULL,0,'target:repository',NULL,NULL,NULL,NULL,NULL,100,'ada',NULL,NULL,NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'transferapp','83bed5fa-fef1-43c6-8e9b-54fb8d0155a4');
CREATE INDEX ledger_transfers_owner ON ledger_transfers (owner, seq);
CREATE INDEX ledger_events_owner ON ledger_events (owner, id);
CREATE INDEX ledger_items_transfer ON ledger_items (transfer_id, seq);
CREATE INDEX ledger_items_state ON ledger_items (state, seq);
CREATE INDEX ledger_items_troubled ON ledger_items (transfer_id) WHERE trouble IS NOT NULL;
CREATE INDEX ledger_files_transfer ON ledger_files (transfer_id, seq);
CREATE INDEX ledger_files_item ON ledger_files (item_id, seq);
CREATE INDEX grants_username ON grants (username, created_at);
CREATE INDEX notify_delivery_batch ON notify_delivery (batch);
CREATE INDEX notify_delivery_inbox ON notify_delivery (username, channel, id);
CREATE INDEX notify_delivery_due ON notify_delivery (queued, channel) WHERE settled_at IS NULL;
CREATE INDEX notify_code_username ON notify_code (username, sent_at);
CREATE INDEX task_by_state ON task (state, retry_at);
CREATE INDEX task_by_owner ON task (owner, created_at);
CREATE INDEX task_untold ON task (told, updated_at);
CREATE INDEX task_by_age ON task (created_at, id);
CREATE INDEX workflow_status_created_at_index ON workflow_status (created_at);
CREATE INDEX idx_workflow_topic ON notifications (destination_uuid, topic);
CREATE INDEX "idx_workflow_status_delayed" ON "workflow_status" ("delay_until_epoch_ms") WHERE status = 'DELAYED';
CREATE INDEX "idx_workflow_status_forked_from" ON "workflow_status" ("forked_from") WHERE "forked_from" IS NOT NULL;
CREATE INDEX "idx_workflow_status_parent_workflow_id" ON "workflow_status" ("parent_workflow_id") WHERE "parent_workflow_id" IS NOT NULL;
CREATE UNIQUE INDEX "uq_workflow_status_dedup_id" ON "workflow_status" ("queue_name", "deduplication_id") WHERE "deduplication_id" IS NOT NULL;
CREATE INDEX "idx_workflow_status_pending" ON "workflow_status" ("created_at") WHERE "status" = 'PENDING';
CREATE INDEX "idx_workflow_status_failed" ON "workflow_status" ("status", "created_at") WHERE "status" IN ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED');
CREATE INDEX "idx_workflow_status_rate_limited" ON "workflow_status" ("queue_name", "started_at_epoch_ms") WHERE "rate_limited" = TRUE;
CREATE INDEX "idx_workflow_status_completed_at" ON "workflow_status" ("completed_at") WHERE "completed_at" IS NOT NULL;
CREATE INDEX "idx_workflow_status_started_at" ON "workflow_status" ("started_at_epoch_ms") WHERE "started_at_epoch_ms" IS NOT NULL;
CREATE INDEX "idx_workflow_status_schedule_name" ON "workflow_status" ("schedule_name") WHERE "schedule_name" IS NOT NULL;
CREATE UNIQUE INDEX "uq_application_versions_owner_version"
    ON application_versions ("application_name", "version_name")
    WHERE "application_name" IS NOT NULL;
CREATE UNIQUE INDEX "uq_application_versions_unclaimed_version"
    ON application_versions ("version_name")
    WHERE "application_name" IS NULL;
CREATE INDEX idx_workflow_input_retention
    ON workflow_input (retention_timestamp);
CREATE INDEX idx_workflow_output_retention
    ON workflow_output (retention_timestamp);
CREATE INDEX idx_operation_outputs_retention
    ON operation_outputs (retention_timestamp);
CREATE INDEX "idx_workflow_status_in_flight_v2" ON "workflow_status" ("queue_name", "status", "priority", "created_at", "application_name") WHERE "status" IN ('ENQUEUED', 'PENDING');
CREATE INDEX "idx_workflow_status_partition_dequeue_v3" ON "workflow_status" ("queue_name", "status", "queue_partition_key", "priority", "created_at", "workflow_uuid", "application_name") WHERE "status" IN ('ENQUEUED', 'PENDING') AND "queue_partition_key" IS NOT NULL;
CREATE INDEX "idx_operation_outputs_completed_at_function_name_v2" ON "operation_outputs" ("completed_at_epoch_ms", "function_name", "application_name");
CREATE INDEX "idx_workflow_status_deadline" ON "workflow_status" ("workflow_deadline_epoch_ms") WHERE "status" IN ('ENQUEUED', 'PENDING', 'DELAYED') AND "workflow_deadline_epoch_ms" IS NOT NULL;
CREATE INDEX "idx_application_versions_timestamp" ON "application_versions" ("version_timestamp" DESC);
CREATE INDEX "idx_application_versions_owner_timestamp" ON "application_versions" ("application_name", "version_timestamp" DESC);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('ledger_events',38);
INSERT INTO "sqlite_sequence" VALUES('notify_delivery',2);
COMMIT;
PRAGMA user_version = 0;
