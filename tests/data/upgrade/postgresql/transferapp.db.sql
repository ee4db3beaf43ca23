SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA dbos;
CREATE FUNCTION dbos.enqueue_workflow(workflow_name text, queue_name text, positional_args json[] DEFAULT ARRAY[]::json[], named_args json DEFAULT '{}'::json, class_name text DEFAULT NULL::text, config_name text DEFAULT NULL::text, workflow_id text DEFAULT NULL::text, app_version text DEFAULT NULL::text, timeout_ms bigint DEFAULT NULL::bigint, deadline_epoch_ms bigint DEFAULT NULL::bigint, deduplication_id text DEFAULT NULL::text, priority integer DEFAULT NULL::integer, queue_partition_key text DEFAULT NULL::text, authenticated_user text DEFAULT NULL::text, authenticated_roles text DEFAULT NULL::text, delay_until_epoch_ms bigint DEFAULT NULL::bigint, application_name text DEFAULT NULL::text) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_workflow_id TEXT;
    v_serialized_inputs TEXT;
    v_owner_xid TEXT;
    v_now BIGINT;
    v_recovery_attempts INT4 := 0;
    v_priority INT4;
    v_status TEXT;
BEGIN
    -- Validate required parameters
    IF workflow_name IS NULL OR workflow_name = '' THEN
        RAISE EXCEPTION 'Workflow name cannot be null or empty';
    END IF;
    IF queue_name IS NULL OR queue_name = '' THEN
        RAISE EXCEPTION 'Queue name cannot be null or empty';
    END IF;
    IF named_args IS NOT NULL AND jsonb_typeof(named_args::jsonb) != 'object' THEN
        RAISE EXCEPTION 'Named args must be a JSON object';
    END IF;
    IF workflow_id IS NOT NULL AND workflow_id = '' THEN
        RAISE EXCEPTION 'Workflow ID cannot be an empty string if provided.';
    END IF;
    IF delay_until_epoch_ms IS NOT NULL AND delay_until_epoch_ms < 0 THEN
        RAISE EXCEPTION 'delay_until_epoch_ms must be >= 0';
    END IF;
    v_workflow_id := COALESCE(workflow_id, gen_random_uuid()::TEXT);
    v_owner_xid := gen_random_uuid()::TEXT;
    v_priority := COALESCE(priority, 0);
    v_serialized_inputs := json_build_object(
        'positionalArgs', positional_args,
        'namedArgs', named_args
    )::TEXT;
    v_now := EXTRACT(epoch FROM now()) * 1000;
    v_status := CASE WHEN delay_until_epoch_ms IS NULL THEN 'ENQUEUED' ELSE 'DELAYED' END;
    INSERT INTO "dbos".workflow_status (
        workflow_uuid, status,
        name, class_name, config_name,
        queue_name, deduplication_id, priority, queue_partition_key,
        application_version,
        created_at, updated_at, recovery_attempts,
        workflow_timeout_ms, workflow_deadline_epoch_ms,
        parent_workflow_id, owner_xid, serialization,
        authenticated_user, authenticated_roles,
        delay_until_epoch_ms, application_name
    ) VALUES (
        v_workflow_id, v_status,
        workflow_name, class_name, config_name,
        queue_name, deduplication_id, v_priority, queue_partition_key,
        app_version,
        v_now, v_now, v_recovery_attempts,
        timeout_ms, deadline_epoch_ms,
        NULL, v_owner_xid, 'portable_json',
        authenticated_user, authenticated_roles,
        delay_until_epoch_ms, application_name
    )
    ON CONFLICT (workflow_uuid)
    DO UPDATE SET
        updated_at = EXCLUDED.updated_at;
    INSERT INTO "dbos".workflow_input (
        workflow_uuid, inputs, retention_timestamp
    ) VALUES (
        v_workflow_id, v_serialized_inputs, v_now
    )
    ON CONFLICT (workflow_uuid) DO NOTHING;
    RETURN v_workflow_id;
EXCEPTION
    WHEN unique_violation THEN
        RAISE EXCEPTION 'DBOS queue duplicated'
            USING DETAIL = format('Workflow %s with queue %s and deduplication ID %s already exists', v_workflow_id, queue_name, deduplication_id),
                ERRCODE = 'unique_violation';
END;
$$;
CREATE FUNCTION dbos.notifications_function() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    payload text := NEW.destination_uuid || '::' || NEW.topic;
BEGIN
    PERFORM pg_notify('dbos_notifications_channel', payload);
    RETURN NEW;
END;
$$;
CREATE FUNCTION dbos.send_message(destination_id text, message json, topic text DEFAULT NULL::text, message_id text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_topic TEXT := COALESCE(topic, '__null__topic__');
    v_message_id TEXT := COALESCE(message_id, gen_random_uuid()::TEXT);
BEGIN
    INSERT INTO "dbos".notifications (
        destination_uuid, topic, message, message_uuid, serialization
    ) VALUES (
        destination_id, v_topic, message, v_message_id, 'portable_json'
    )
    ON CONFLICT (message_uuid) DO NOTHING;
EXCEPTION
    WHEN foreign_key_violation THEN
        RAISE EXCEPTION 'DBOS non-existent workflow'
            USING DETAIL = format('Destination workflow %s does not exist', destination_id),
                ERRCODE = 'foreign_key_violation';
END;
$$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE dbos.application_versions (
    version_id text NOT NULL,
    version_name text NOT NULL,
    version_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    created_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    application_name text
);
CREATE TABLE dbos.dbos_migrations (
    version bigint NOT NULL
);
CREATE TABLE dbos.event_dispatch_kv (
    service_name text NOT NULL,
    workflow_fn_name text NOT NULL,
    key text NOT NULL,
    value text,
    update_seq numeric(38,0),
    update_time numeric(38,15)
);
CREATE TABLE dbos.notifications (
    message_uuid text DEFAULT gen_random_uuid() NOT NULL,
    destination_uuid text NOT NULL,
    topic text,
    message text NOT NULL,
    created_at_epoch_ms bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    serialization text,
    consumed boolean DEFAULT false NOT NULL,
    consumed_by_function_id integer
);
CREATE TABLE dbos.operation_outputs (
    workflow_uuid text NOT NULL,
    function_id integer NOT NULL,
    function_name text DEFAULT ''::text NOT NULL,
    output text,
    error text,
    child_workflow_id text,
    started_at_epoch_ms bigint,
    completed_at_epoch_ms bigint,
    serialization text,
    application_name text,
    retention_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL
);
CREATE TABLE dbos.queues (
    queue_id text DEFAULT (gen_random_uuid())::text NOT NULL,
    name text NOT NULL,
    concurrency integer,
    worker_concurrency integer,
    rate_limit_max integer,
    rate_limit_period_sec double precision,
    priority_enabled boolean DEFAULT false NOT NULL,
    partition_queue boolean DEFAULT false NOT NULL,
    polling_interval_sec double precision DEFAULT 1.0 NOT NULL,
    created_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    updated_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    application_name text,
    partition_concurrency integer,
    partition_worker_concurrency integer,
    partition_rate_limit_max integer,
    partition_rate_limit_period_sec double precision
);
CREATE TABLE dbos.streams (
    workflow_uuid text NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    "offset" integer NOT NULL,
    function_id integer DEFAULT 0 NOT NULL,
    serialization text
);
CREATE TABLE dbos.workflow_events (
    workflow_uuid text NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    serialization text
);
CREATE TABLE dbos.workflow_events_history (
    workflow_uuid text NOT NULL,
    function_id integer NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    serialization text
);
CREATE TABLE dbos.workflow_input (
    workflow_uuid text NOT NULL,
    inputs text,
    retention_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL
);
CREATE TABLE dbos.workflow_output (
    workflow_uuid text NOT NULL,
    output text,
    error text,
    retention_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL
);
CREATE TABLE dbos.workflow_schedules (
    schedule_id text NOT NULL,
    schedule_name text NOT NULL,
    workflow_name text NOT NULL,
    workflow_class_name text,
    schedule text NOT NULL,
    status text DEFAULT 'ACTIVE'::text NOT NULL,
    context text NOT NULL,
    last_fired_at text,
    automatic_backfill boolean DEFAULT false NOT NULL,
    cron_timezone text,
    queue_name text,
    application_name text
);
CREATE TABLE dbos.workflow_status (
    workflow_uuid text NOT NULL,
    status text,
    name text,
    authenticated_user text,
    assumed_role text,
    authenticated_roles text,
    request text,
    output text,
    error text,
    executor_id text,
    created_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    updated_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    application_version text,
    application_id text,
    class_name character varying(255) DEFAULT NULL::character varying,
    config_name character varying(255) DEFAULT NULL::character varying,
    recovery_attempts bigint DEFAULT 0,
    queue_name text,
    workflow_timeout_ms bigint,
    workflow_deadline_epoch_ms bigint,
    inputs text,
    started_at_epoch_ms bigint,
    deduplication_id text,
    priority integer DEFAULT 0 NOT NULL,
    queue_partition_key text,
    forked_from text,
    owner_xid text,
    parent_workflow_id text,
    serialization text,
    delay_until_epoch_ms bigint,
    was_forked_from boolean DEFAULT false NOT NULL,
    rate_limited boolean DEFAULT false NOT NULL,
    completed_at bigint,
    attributes jsonb,
    schedule_name text,
    debounce_deadline_epoch_ms bigint,
    is_debounced boolean DEFAULT false NOT NULL,
    application_name text,
    creator_xid text
);
CREATE TABLE public.grants (
    id character varying(32) NOT NULL,
    token_hash character varying(64) NOT NULL,
    scope character varying(16) NOT NULL,
    username text NOT NULL,
    transfer_id character varying(32),
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone
);
CREATE TABLE public.ledger_events (
    id bigint NOT NULL,
    kind character varying(32) NOT NULL,
    owner text NOT NULL,
    transfer_id character varying(32) NOT NULL,
    item_id character varying(32) DEFAULT ''::character varying NOT NULL,
    state character varying(16) NOT NULL,
    title text DEFAULT ''::text NOT NULL,
    message text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.ledger_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.ledger_events_id_seq OWNED BY public.ledger_events.id;
CREATE TABLE public.ledger_files (
    seq bigint NOT NULL,
    id character varying(32) NOT NULL,
    item_id character varying(32) NOT NULL,
    transfer_id character varying(32) NOT NULL,
    client_path text NOT NULL,
    size_bytes bigint NOT NULL,
    bytes_done bigint DEFAULT '0'::bigint NOT NULL,
    sealed boolean DEFAULT false NOT NULL,
    sha1 character varying(40) DEFAULT ''::character varying NOT NULL,
    repository_file_id bigint
);
CREATE SEQUENCE public.ledger_files_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.ledger_files_seq_seq OWNED BY public.ledger_files.seq;
CREATE TABLE public.ledger_items (
    seq bigint NOT NULL,
    id character varying(32) NOT NULL,
    transfer_id character varying(32) NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    state character varying(16) NOT NULL,
    file_count bigint DEFAULT '0'::bigint NOT NULL,
    files_sealed bigint DEFAULT '0'::bigint NOT NULL,
    size_bytes bigint DEFAULT '0'::bigint NOT NULL,
    bytes_done bigint DEFAULT '0'::bigint NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    trouble json,
    image_ids json NOT NULL,
    verified boolean DEFAULT false NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.ledger_items_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.ledger_items_seq_seq OWNED BY public.ledger_items.seq;
CREATE TABLE public.ledger_transfers (
    seq bigint NOT NULL,
    id character varying(32) NOT NULL,
    kind character varying(16) NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    owner text NOT NULL,
    request_key text NOT NULL,
    state character varying(16) NOT NULL,
    target character varying(64),
    target_name text DEFAULT ''::text NOT NULL,
    group_id bigint,
    annotations json NOT NULL,
    states json NOT NULL,
    settled bigint DEFAULT '0'::bigint NOT NULL,
    verified bigint DEFAULT '0'::bigint NOT NULL,
    file_count bigint DEFAULT '0'::bigint NOT NULL,
    size_bytes bigint DEFAULT '0'::bigint NOT NULL,
    bytes_done bigint DEFAULT '0'::bigint NOT NULL,
    trouble json,
    trouble_item character varying(32),
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    progress_told_at timestamp with time zone
);
CREATE SEQUENCE public.ledger_transfers_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.ledger_transfers_seq_seq OWNED BY public.ledger_transfers.seq;
CREATE TABLE public.notify_code (
    id bigint NOT NULL,
    username text NOT NULL,
    address text NOT NULL,
    code_hash character varying(64) NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    tries integer NOT NULL
);
CREATE SEQUENCE public.notify_code_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.notify_code_id_seq OWNED BY public.notify_code.id;
CREATE TABLE public.notify_delivery (
    id bigint NOT NULL,
    event_id bigint NOT NULL,
    username text NOT NULL,
    channel character varying(16) NOT NULL,
    kind character varying(32) NOT NULL,
    transfer_id character varying(32) NOT NULL,
    state character varying(16) NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    count integer NOT NULL,
    at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    batch character varying(32) DEFAULT ''::character varying NOT NULL,
    queued boolean DEFAULT false NOT NULL,
    settled_at timestamp with time zone,
    error text DEFAULT ''::text NOT NULL,
    read_at timestamp with time zone
);
CREATE SEQUENCE public.notify_delivery_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.notify_delivery_id_seq OWNED BY public.notify_delivery.id;
CREATE TABLE public.notify_position (
    name character varying(32) NOT NULL,
    event_id bigint NOT NULL
);
CREATE TABLE public.notify_preference (
    username text NOT NULL,
    channels json NOT NULL,
    address text NOT NULL,
    address_verified boolean NOT NULL,
    webhook_url text NOT NULL,
    webhook_secret text NOT NULL
);
CREATE TABLE public.task (
    id character varying(64) NOT NULL,
    kind character varying(64) NOT NULL,
    version integer NOT NULL,
    target character varying(128) NOT NULL,
    owner character varying(256) NOT NULL,
    priority integer NOT NULL,
    payload text NOT NULL,
    state character varying(16) NOT NULL,
    attempts integer NOT NULL,
    defects integer NOT NULL,
    crashes integer NOT NULL,
    created_at double precision NOT NULL,
    updated_at double precision NOT NULL,
    retry_at double precision,
    error_code character varying(64) NOT NULL,
    error text NOT NULL,
    step character varying(128) NOT NULL,
    progress double precision NOT NULL,
    note text NOT NULL,
    run character varying(64) NOT NULL,
    told boolean NOT NULL
);
CREATE TABLE public.task_lease (
    name character varying(64) NOT NULL,
    holder character varying(128) NOT NULL,
    until double precision NOT NULL
);
CREATE TABLE public.task_target (
    name character varying(128) NOT NULL,
    paused boolean NOT NULL,
    ceiling integer NOT NULL,
    "limit" integer NOT NULL,
    usual_s double precision NOT NULL,
    failures integer NOT NULL,
    outages integer NOT NULL,
    probe_at double precision NOT NULL,
    probe character varying(64) NOT NULL,
    probe_since double precision NOT NULL,
    done integer NOT NULL,
    failed integer NOT NULL,
    seconds double precision NOT NULL,
    worked_at double precision NOT NULL
);
CREATE TABLE public.task_worker (
    id character varying(128) NOT NULL,
    host character varying(256) NOT NULL,
    pid integer NOT NULL,
    started_at double precision NOT NULL,
    seen_at double precision NOT NULL
);
ALTER TABLE ONLY public.ledger_events ALTER COLUMN id SET DEFAULT nextval('public.ledger_events_id_seq'::regclass);
ALTER TABLE ONLY public.ledger_files ALTER COLUMN seq SET DEFAULT nextval('public.ledger_files_seq_seq'::regclass);
ALTER TABLE ONLY public.ledger_items ALTER COLUMN seq SET DEFAULT nextval('public.ledger_items_seq_seq'::regclass);
ALTER TABLE ONLY public.ledger_transfers ALTER COLUMN seq SET DEFAULT nextval('public.ledger_transfers_seq_seq'::regclass);
ALTER TABLE ONLY public.notify_code ALTER COLUMN id SET DEFAULT nextval('public.notify_code_id_seq'::regclass);
ALTER TABLE ONLY public.notify_delivery ALTER COLUMN id SET DEFAULT nextval('public.notify_delivery_id_seq'::regclass);
INSERT INTO dbos.application_versions VALUES ('9426f9c7-3b37-4957-a447-fe826cc191a5', 'transferapp-1', 1795264278502, 1795264278502, 'transferapp');
INSERT INTO dbos.dbos_migrations VALUES (125);
INSERT INTO dbos.operation_outputs VALUES ('d7f28219d7554b5eb5f0fb2781f8f180', 1, 'reserve', '1', NULL, NULL, 1795264279044, 1795264279069, 'portable_json', 'transferapp', 1795264279070);
INSERT INTO dbos.operation_outputs VALUES ('d7f28219d7554b5eb5f0fb2781f8f180', 2, 'store', '1', NULL, NULL, 1795264279072, 1795264279094, 'portable_json', 'transferapp', 1795264279096);
INSERT INTO dbos.operation_outputs VALUES ('d7f28219d7554b5eb5f0fb2781f8f180', 3, 'verify', '1', NULL, NULL, 1795264279097, 1795264279110, 'portable_json', 'transferapp', 1795264279111);
INSERT INTO dbos.operation_outputs VALUES ('d7f28219d7554b5eb5f0fb2781f8f180', 4, 'register', '[1]', NULL, NULL, 1795264279112, 1795264279145, 'portable_json', 'transferapp', 1795264279147);
INSERT INTO dbos.operation_outputs VALUES ('d7f28219d7554b5eb5f0fb2781f8f180', 5, 'reconcile', '[1]', NULL, NULL, 1795264279151, 1795264279161, 'portable_json', 'transferapp', 1795264279162);
INSERT INTO dbos.operation_outputs VALUES ('8d7c08b7805b467ea6deced551be4e97', 1, 'reserve', NULL, '{"name":"Unavailable","message":"The repository is away.","code":"unavailable"}', NULL, 1795264279645, 1795264279651, 'portable_json', 'transferapp', 1795264279651);
INSERT INTO dbos.operation_outputs VALUES ('213a271a367848b393943f981be98350', 1, 'reserve', '2', NULL, NULL, 1795264280142, 1795264280149, 'portable_json', 'transferapp', 1795264280150);
INSERT INTO dbos.operation_outputs VALUES ('213a271a367848b393943f981be98350', 2, 'store', '2', NULL, NULL, 1795264280152, 1795264280161, 'portable_json', 'transferapp', 1795264280161);
INSERT INTO dbos.operation_outputs VALUES ('213a271a367848b393943f981be98350', 3, 'verify', '2', NULL, NULL, 1795264280162, 1795264280167, 'portable_json', 'transferapp', 1795264280168);
INSERT INTO dbos.operation_outputs VALUES ('213a271a367848b393943f981be98350', 4, 'register', NULL, '{"name":"DamagedFile","message":"The content of ''broken.tif'' is not what its name says. Copy or export it again, then retry.","code":"damaged-file"}', NULL, 1795264280168, 1795264280174, 'portable_json', 'transferapp', 1795264280174);
INSERT INTO dbos.operation_outputs VALUES ('a7f17cffc9c74690a5cc9668b0f1499a', 1, 'reserve', '3', NULL, NULL, 1795264280651, 1795264280665, 'portable_json', 'transferapp', 1795264280666);
INSERT INTO dbos.queues VALUES ('ff69366f-706d-4d1e-ba40-2d73f307c8e4', 'target:repository', 1, NULL, NULL, NULL, true, true, 0.5, 1795264278469, 1795264278485, 'transferapp', 1, NULL, NULL, NULL);
INSERT INTO dbos.workflow_input VALUES ('d7f28219d7554b5eb5f0fb2781f8f180', '{"namedArgs":{},"positionalArgs":["d7f28219d7554b5eb5f0fb2781f8f180"]}', 1795264278580);
INSERT INTO dbos.workflow_input VALUES ('8d7c08b7805b467ea6deced551be4e97', '{"namedArgs":{},"positionalArgs":["8d7c08b7805b467ea6deced551be4e97"]}', 1795264279179);
INSERT INTO dbos.workflow_input VALUES ('213a271a367848b393943f981be98350', '{"namedArgs":{},"positionalArgs":["213a271a367848b393943f981be98350"]}', 1795264279690);
INSERT INTO dbos.workflow_input VALUES ('a7f17cffc9c74690a5cc9668b0f1499a', '{"namedArgs":{},"positionalArgs":["a7f17cffc9c74690a5cc9668b0f1499a"]}', 1795264280219);
INSERT INTO dbos.workflow_input VALUES ('f8d970bd327f4e1da4c320f98b943432', '{"namedArgs":{},"positionalArgs":["f8d970bd327f4e1da4c320f98b943432"]}', 1795264280677);
INSERT INTO dbos.workflow_output VALUES ('d7f28219d7554b5eb5f0fb2781f8f180', 'null', NULL, 1795264279171);
INSERT INTO dbos.workflow_output VALUES ('8d7c08b7805b467ea6deced551be4e97', 'null', NULL, 1795264279663);
INSERT INTO dbos.workflow_output VALUES ('213a271a367848b393943f981be98350', 'null', NULL, 1795264280186);
INSERT INTO dbos.workflow_status VALUES ('d7f28219d7554b5eb5f0fb2781f8f180', 'SUCCESS', 'transferapp-task', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:21143:55fe1514', 1795264278580, 1795264279171, 'transferapp-1', NULL, NULL, NULL, 1, 'target:repository', NULL, NULL, NULL, 1795264279020, NULL, 100, 'ada', NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795264279171, 'null', NULL, NULL, false, 'transferapp', 'a48bdaf9-3a4e-4f81-ae70-1079d7859193');
INSERT INTO dbos.workflow_status VALUES ('8d7c08b7805b467ea6deced551be4e97', 'SUCCESS', 'transferapp-task', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:21143:55fe1514', 1795264279179, 1795264279663, 'transferapp-1', NULL, NULL, NULL, 1, 'target:repository', NULL, NULL, NULL, 1795264279554, NULL, 100, 'ada', NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795264279663, 'null', NULL, NULL, false, 'transferapp', 'f7a6492d-030c-4d2c-b386-9a5b28593326');
INSERT INTO dbos.workflow_status VALUES ('213a271a367848b393943f981be98350', 'SUCCESS', 'transferapp-task', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:21143:55fe1514', 1795264279690, 1795264280186, 'transferapp-1', NULL, NULL, NULL, 1, 'target:repository', NULL, NULL, NULL, 1795264280134, NULL, 100, 'ada', NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795264280186, 'null', NULL, NULL, false, 'transferapp', 'b85a68af-850f-4338-9a8e-9271dc3284fa');
INSERT INTO dbos.workflow_status VALUES ('a7f17cffc9c74690a5cc9668b0f1499a', 'PENDING', 'transferapp-task', NULL, NULL, NULL, NULL, NULL, NULL, 'vm:21143:55fe1514', 1795264280219, 1795264280641, 'transferapp-1', NULL, NULL, NULL, 1, 'target:repository', NULL, NULL, NULL, 1795264280641, NULL, 100, 'ada', NULL, '690541c0-c294-40eb-b8b2-226a9852cfc0', NULL, 'portable_json', NULL, false, false, NULL, 'null', NULL, NULL, false, 'transferapp', 'b1475061-0aac-492c-8464-f5c992eb3bb3');
INSERT INTO dbos.workflow_status VALUES ('f8d970bd327f4e1da4c320f98b943432', 'ENQUEUED', 'transferapp-task', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795264280677, 1795264280677, 'transferapp-1', NULL, NULL, NULL, 0, 'target:repository', NULL, NULL, NULL, NULL, NULL, 100, 'ada', NULL, NULL, NULL, 'portable_json', NULL, false, false, NULL, 'null', NULL, NULL, false, 'transferapp', '9a338152-3e5a-4af8-9d19-d23df847ee16');
INSERT INTO public.grants VALUES ('5284290f39c6425e8e45efb90c378094', '3a05c086f2d94ca4163e28974b6a226de72542c713e048d9996bad69abaca429', 'session', 'ada', NULL, '2026-11-21 12:31:18.230795+00', '2036-11-18 12:31:18.230795+00', NULL, NULL);
INSERT INTO public.grants VALUES ('176af32291324461a4c6f89115ee99f7', '82ffc7e41a0dfa0e25927f505b776ae9baab4d3ad67aba7cc74dbb27f677b95e', 'transfer', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '2026-11-21 12:31:18.259472+00', '2036-11-18 12:31:18.259472+00', NULL, NULL);
INSERT INTO public.grants VALUES ('58df03a443dd47e7a4ef33b0678d5cb0', 'aa65160438f86636e7b6c489565070ac5af64a7abc3ab8a459c4efc1c3943b7f', 'transfer', 'ada', 'f1367002af664869a51a89f223fbe9cc', '2026-11-21 12:31:18.298435+00', '2036-11-18 12:31:18.298435+00', NULL, NULL);
INSERT INTO public.ledger_events VALUES (1, 'transfer.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '', 'queued', 'Monday', '', '2026-11-21 12:31:18.252069+00');
INSERT INTO public.ledger_events VALUES (2, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'd7f28219d7554b5eb5f0fb2781f8f180', 'uploading', 'done', '', '2026-11-21 12:31:18.26687+00');
INSERT INTO public.ledger_events VALUES (3, 'transfer.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '', 'uploading', 'Monday', '', '2026-11-21 12:31:18.26687+00');
INSERT INTO public.ledger_events VALUES (4, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '8d7c08b7805b467ea6deced551be4e97', 'uploading', 'waits', '', '2026-11-21 12:31:18.279779+00');
INSERT INTO public.ledger_events VALUES (5, 'transfer.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '', 'uploading', 'Monday', '', '2026-11-21 12:31:18.279779+00');
INSERT INTO public.ledger_events VALUES (6, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '213a271a367848b393943f981be98350', 'uploading', 'broken', '', '2026-11-21 12:31:18.285478+00');
INSERT INTO public.ledger_events VALUES (7, 'transfer.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '', 'uploading', 'Monday', '', '2026-11-21 12:31:18.285478+00');
INSERT INTO public.ledger_events VALUES (8, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'a7f17cffc9c74690a5cc9668b0f1499a', 'uploading', 'half', '', '2026-11-21 12:31:18.289401+00');
INSERT INTO public.ledger_events VALUES (9, 'transfer.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '', 'uploading', 'Monday', '', '2026-11-21 12:31:18.289401+00');
INSERT INTO public.ledger_events VALUES (10, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'f8d970bd327f4e1da4c320f98b943432', 'uploading', 'queued', '', '2026-11-21 12:31:18.293337+00');
INSERT INTO public.ledger_events VALUES (11, 'transfer.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '', 'uploading', 'Monday', '', '2026-11-21 12:31:18.293337+00');
INSERT INTO public.ledger_events VALUES (12, 'transfer.changed', 'ada', 'f1367002af664869a51a89f223fbe9cc', '', 'queued', 'Tuesday', '', '2026-11-21 12:31:18.295678+00');
INSERT INTO public.ledger_events VALUES (13, 'item.changed', 'ada', 'f1367002af664869a51a89f223fbe9cc', '8ed3c6c3fd6844ed95e6adbf85eed37a', 'uploading', 'half-uploaded', '', '2026-11-21 12:31:18.300454+00');
INSERT INTO public.ledger_events VALUES (14, 'transfer.changed', 'ada', 'f1367002af664869a51a89f223fbe9cc', '', 'uploading', 'Tuesday', '', '2026-11-21 12:31:18.300454+00');
INSERT INTO public.ledger_events VALUES (15, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'd7f28219d7554b5eb5f0fb2781f8f180', 'importing', 'done', 'step 1 of 5: preparing the place in the repository', '2026-11-21 12:31:19.051647+00');
INSERT INTO public.ledger_events VALUES (16, 'transfer.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '', 'uploading', 'Monday', '', '2026-11-21 12:31:19.051647+00');
INSERT INTO public.ledger_events VALUES (17, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'd7f28219d7554b5eb5f0fb2781f8f180', 'importing', 'done', 'step 2 of 5: copying the files into the repository', '2026-11-21 12:31:19.074477+00');
INSERT INTO public.ledger_events VALUES (18, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'd7f28219d7554b5eb5f0fb2781f8f180', 'importing', 'done', 'step 3 of 5: checking the checksums of the copies', '2026-11-21 12:31:19.103691+00');
INSERT INTO public.ledger_events VALUES (19, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'd7f28219d7554b5eb5f0fb2781f8f180', 'importing', 'done', 'step 4 of 5: reading the images', '2026-11-21 12:31:19.114906+00');
INSERT INTO public.ledger_events VALUES (20, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'd7f28219d7554b5eb5f0fb2781f8f180', 'importing', 'done', 'step 5 of 5: comparing the repository with the source', '2026-11-21 12:31:19.155935+00');
INSERT INTO public.ledger_events VALUES (21, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'd7f28219d7554b5eb5f0fb2781f8f180', 'imported', 'done', '', '2026-11-21 12:31:19.16318+00');
INSERT INTO public.ledger_events VALUES (22, 'transfer.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '', 'uploading', 'Monday', '', '2026-11-21 12:31:19.16318+00');
INSERT INTO public.ledger_events VALUES (23, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '8d7c08b7805b467ea6deced551be4e97', 'importing', 'waits', 'step 1 of 5: preparing the place in the repository', '2026-11-21 12:31:19.648459+00');
INSERT INTO public.ledger_events VALUES (24, 'transfer.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '', 'uploading', 'Monday', '', '2026-11-21 12:31:19.648459+00');
INSERT INTO public.ledger_events VALUES (25, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '8d7c08b7805b467ea6deced551be4e97', 'waiting', 'waits', 'It is tried again by itself.', '2026-11-21 12:31:19.657826+00');
INSERT INTO public.ledger_events VALUES (26, 'item.trouble', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '8d7c08b7805b467ea6deced551be4e97', 'waiting', 'Not available right now', 'waits: The repository is away.', '2026-11-21 12:31:19.657826+00');
INSERT INTO public.ledger_events VALUES (27, 'transfer.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '', 'uploading', 'Monday', '', '2026-11-21 12:31:19.657826+00');
INSERT INTO public.ledger_events VALUES (28, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '213a271a367848b393943f981be98350', 'importing', 'broken', 'step 1 of 5: preparing the place in the repository', '2026-11-21 12:31:20.144623+00');
INSERT INTO public.ledger_events VALUES (29, 'transfer.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '', 'uploading', 'Monday', '', '2026-11-21 12:31:20.144623+00');
INSERT INTO public.ledger_events VALUES (30, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '213a271a367848b393943f981be98350', 'importing', 'broken', 'step 2 of 5: copying the files into the repository', '2026-11-21 12:31:20.153932+00');
INSERT INTO public.ledger_events VALUES (31, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '213a271a367848b393943f981be98350', 'importing', 'broken', 'step 3 of 5: checking the checksums of the copies', '2026-11-21 12:31:20.16419+00');
INSERT INTO public.ledger_events VALUES (32, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '213a271a367848b393943f981be98350', 'importing', 'broken', 'step 4 of 5: reading the images', '2026-11-21 12:31:20.16985+00');
INSERT INTO public.ledger_events VALUES (33, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '213a271a367848b393943f981be98350', 'failed', 'broken', '', '2026-11-21 12:31:20.176906+00');
INSERT INTO public.ledger_events VALUES (34, 'item.trouble', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '213a271a367848b393943f981be98350', 'failed', 'The file is damaged or incomplete', 'broken: The content of ''broken.tif'' is not what its name says. Copy or export it again, then retry.', '2026-11-21 12:31:20.176906+00');
INSERT INTO public.ledger_events VALUES (35, 'transfer.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '', 'uploading', 'Monday', '', '2026-11-21 12:31:20.176906+00');
INSERT INTO public.ledger_events VALUES (36, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'a7f17cffc9c74690a5cc9668b0f1499a', 'importing', 'half', 'step 1 of 5: preparing the place in the repository', '2026-11-21 12:31:20.65369+00');
INSERT INTO public.ledger_events VALUES (37, 'transfer.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', '', 'uploading', 'Monday', '', '2026-11-21 12:31:20.65369+00');
INSERT INTO public.ledger_events VALUES (38, 'item.changed', 'ada', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'a7f17cffc9c74690a5cc9668b0f1499a', 'importing', 'half', 'step 2 of 5: copying the files into the repository', '2026-11-21 12:31:20.669046+00');
INSERT INTO public.ledger_files VALUES (1, 'c69453a097d246e580ba0bf9259a9e0a', 'd7f28219d7554b5eb5f0fb2781f8f180', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'done.tif', 768, 768, true, 'ade999ab044027295313a2fd0842f1848e8e33f9', NULL);
INSERT INTO public.ledger_files VALUES (2, '826fad0ed9de4644ba3bbbc5b2ff198f', '8d7c08b7805b467ea6deced551be4e97', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'waits.tif', 768, 768, true, '152a6b4534f959482074a4f7faad78747f2cc4a5', NULL);
INSERT INTO public.ledger_files VALUES (3, '816322a9d66b4a7b95f10143c6c2c7f3', '213a271a367848b393943f981be98350', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'broken.tif', 8, 8, true, 'f64dc8a54d2b56417d87510dc98e69cf06276ecd', NULL);
INSERT INTO public.ledger_files VALUES (4, 'fb495922f96c4e248858e15f708d2b00', 'a7f17cffc9c74690a5cc9668b0f1499a', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'half.tif', 768, 768, true, '4de54a571baa47fb586125a98645a3960a61352b', NULL);
INSERT INTO public.ledger_files VALUES (5, '11ed91f0eaa84fc1982c99cf8a7ffbd6', 'f8d970bd327f4e1da4c320f98b943432', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'queued.tif', 768, 768, true, 'f574fae2a816174b28e3370458436b991e19898c', NULL);
INSERT INTO public.ledger_files VALUES (6, 'cc3f3d64734b408c886c89ead178a87b', '8ed3c6c3fd6844ed95e6adbf85eed37a', 'f1367002af664869a51a89f223fbe9cc', 'half-uploaded.tif', 100, 40, false, '', NULL);
INSERT INTO public.ledger_items VALUES (5, 'f8d970bd327f4e1da4c320f98b943432', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'queued', 'uploading', 1, 1, 768, 768, '', NULL, '[]', false, '2026-11-21 12:31:18.293337+00');
INSERT INTO public.ledger_items VALUES (6, '8ed3c6c3fd6844ed95e6adbf85eed37a', 'f1367002af664869a51a89f223fbe9cc', 'half-uploaded', 'uploading', 1, 0, 100, 40, '', NULL, '[]', false, '2026-11-21 12:31:18.300454+00');
INSERT INTO public.ledger_items VALUES (1, 'd7f28219d7554b5eb5f0fb2781f8f180', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'done', 'imported', 1, 1, 768, 768, '', NULL, '[1]', true, '2026-11-21 12:31:19.16318+00');
INSERT INTO public.ledger_items VALUES (2, '8d7c08b7805b467ea6deced551be4e97', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'waits', 'waiting', 1, 1, 768, 768, 'It is tried again by itself.', '{"code": "unavailable", "title": "Not available right now", "message": "The repository is away.", "retryable": true, "retry_at": "2026-11-21T12:31:23.694391+00:00"}', '[]', false, '2026-11-21 12:31:19.657826+00');
INSERT INTO public.ledger_items VALUES (3, '213a271a367848b393943f981be98350', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'broken', 'failed', 1, 1, 8, 8, '', '{"code": "damaged-file", "title": "The file is damaged or incomplete", "message": "The content of ''broken.tif'' is not what its name says. Copy or export it again, then retry.", "retryable": false, "retry_at": null}', '[]', false, '2026-11-21 12:31:20.176906+00');
INSERT INTO public.ledger_items VALUES (4, 'a7f17cffc9c74690a5cc9668b0f1499a', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'half', 'importing', 1, 1, 768, 768, 'step 2 of 5: copying the files into the repository', NULL, '[]', false, '2026-11-21 12:31:20.669046+00');
INSERT INTO public.ledger_transfers VALUES (2, 'f1367002af664869a51a89f223fbe9cc', 'import', 'Tuesday', 'ada', 'Tuesday', 'uploading', 'Dataset:1', 'Monday', 1, '[]', '{"uploading": 1}', 0, 0, 1, 100, 40, NULL, NULL, '2026-11-21 12:31:18.295678+00', '2026-11-21 12:31:18.300454+00', '2026-11-21 12:31:18.300454+00');
INSERT INTO public.ledger_transfers VALUES (1, 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'import', 'Monday', 'ada', 'Monday', 'uploading', 'Dataset:1', 'Monday', 1, '[]', '{"uploading": 1, "imported": 1, "waiting": 1, "failed": 1, "importing": 1}', 5, 1, 5, 3080, 3080, '{"code": "damaged-file", "title": "The file is damaged or incomplete", "message": "The content of ''broken.tif'' is not what its name says. Copy or export it again, then retry.", "retryable": false, "retry_at": null}', '213a271a367848b393943f981be98350', '2026-11-21 12:31:18.252069+00', '2026-11-21 12:31:20.669046+00', '2026-11-21 12:31:20.65369+00');
INSERT INTO public.notify_delivery VALUES (1, 26, 'ada', 'inbox', 'item.trouble', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'waiting', 'Not available right now', 'waits: The repository is away.', 2, '2026-11-21 12:31:19.657826+00', '2026-11-21 12:31:20.211136+00', '', false, '2026-11-21 12:31:20.211136+00', '', NULL);
INSERT INTO public.notify_delivery VALUES (2, 26, 'ada', 'mail', 'item.trouble', 'b32f29c9b00942ecbb1e8eb893f5f1a9', 'waiting', 'Not available right now', 'waits: The repository is away.', 2, '2026-11-21 12:31:19.657826+00', '2026-11-21 12:31:20.213397+00', '', false, NULL, '', NULL);
INSERT INTO public.notify_position VALUES ('ledger', 35);
INSERT INTO public.notify_preference VALUES ('ada', '["inbox", "mail"]', 'ada@example.org', true, '', '');
INSERT INTO public.task VALUES ('d7f28219d7554b5eb5f0fb2781f8f180', 'import-fileset', 1, 'repository', 'ada', 100, '{"transfer_id":"b32f29c9b00942ecbb1e8eb893f5f1a9","item_id":"d7f28219d7554b5eb5f0fb2781f8f180"}', 'done', 0, 0, 0, 1795264278.579297, 1795264279.166787, NULL, '', '', 'reconcile', 1, 'preparing the place in the repository', 'fff8c1cb93d74acca4a28eec274d7fb7', true);
INSERT INTO public.task VALUES ('8d7c08b7805b467ea6deced551be4e97', 'import-fileset', 1, 'repository', 'ada', 100, '{"transfer_id":"b32f29c9b00942ecbb1e8eb893f5f1a9","item_id":"8d7c08b7805b467ea6deced551be4e97"}', 'waiting', 1, 0, 0, 1795264279.178256, 1795264279.66161, 1795264283.6943908, 'unavailable', 'The repository is away.', 'reserve', 0, 'preparing the place in the repository', '83a0a4d7d2da439fbe60cd0a01266229', true);
INSERT INTO public.task VALUES ('213a271a367848b393943f981be98350', 'import-fileset', 1, 'repository', 'ada', 100, '{"transfer_id":"b32f29c9b00942ecbb1e8eb893f5f1a9","item_id":"213a271a367848b393943f981be98350"}', 'dead', 1, 0, 0, 1795264279.690046, 1795264280.184705, NULL, 'damaged-file', 'The content of ''broken.tif'' is not what its name says. Copy or export it again, then retry.', 'register', 0, 'preparing the place in the repository', '2517e0d72a5a431ba2b730c66dc6e019', true);
INSERT INTO public.task VALUES ('a7f17cffc9c74690a5cc9668b0f1499a', 'import-fileset', 1, 'repository', 'ada', 100, '{"transfer_id":"b32f29c9b00942ecbb1e8eb893f5f1a9","item_id":"a7f17cffc9c74690a5cc9668b0f1499a"}', 'running', 0, 0, 0, 1795264280.218521, 1795264280.668441, NULL, '', '', 'store', 0, 'preparing the place in the repository', 'd87b5d6a613c49fea02a5ebc592e9b7e', true);
INSERT INTO public.task VALUES ('f8d970bd327f4e1da4c320f98b943432', 'import-fileset', 1, 'repository', 'ada', 100, '{"transfer_id":"b32f29c9b00942ecbb1e8eb893f5f1a9","item_id":"f8d970bd327f4e1da4c320f98b943432"}', 'queued', 0, 0, 0, 1795264280.676835, 1795264280.676835, NULL, '', '', '', 0, '', '', true);
INSERT INTO public.task_lease VALUES ('janitor', 'vm:21143:55fe1514', 1795264290.522475);
INSERT INTO public.task_target VALUES ('repository', false, 1, 1, 0.1297773309997865, 1, 0, 0, '', 0, 0, 0, 0, 1795264279.654297);
INSERT INTO public.task_worker VALUES ('vm:21143:55fe1514', 'vm:1ff684a9-081a-4b71-8fdd-cf9407c60bfc:4026531836', 21143, 1795264276.94, 1795264280.51784);
SELECT pg_catalog.setval('public.ledger_events_id_seq', 38, true);
SELECT pg_catalog.setval('public.ledger_files_seq_seq', 6, true);
SELECT pg_catalog.setval('public.ledger_items_seq_seq', 6, true);
SELECT pg_catalog.setval('public.ledger_transfers_seq_seq', 2, true);
SELECT pg_catalog.setval('public.notify_code_id_seq', 1, false);
SELECT pg_catalog.setval('public.notify_delivery_id_seq', 2, true);
ALTER TABLE ONLY dbos.application_versions
    ADD CONSTRAINT application_versions_pkey PRIMARY KEY (version_id);
ALTER TABLE ONLY dbos.application_versions
    ADD CONSTRAINT application_versions_version_name_key UNIQUE (version_name);
ALTER TABLE ONLY dbos.dbos_migrations
    ADD CONSTRAINT dbos_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY dbos.event_dispatch_kv
    ADD CONSTRAINT event_dispatch_kv_pkey PRIMARY KEY (service_name, workflow_fn_name, key);
ALTER TABLE ONLY dbos.notifications
    ADD CONSTRAINT notifications_pkey PRIMARY KEY (message_uuid);
ALTER TABLE ONLY dbos.operation_outputs
    ADD CONSTRAINT operation_outputs_pkey PRIMARY KEY (workflow_uuid, function_id);
ALTER TABLE ONLY dbos.queues
    ADD CONSTRAINT queues_name_key UNIQUE (name);
ALTER TABLE ONLY dbos.queues
    ADD CONSTRAINT queues_pkey PRIMARY KEY (queue_id);
ALTER TABLE ONLY dbos.streams
    ADD CONSTRAINT streams_pkey PRIMARY KEY (workflow_uuid, key, "offset");
ALTER TABLE ONLY dbos.workflow_events_history
    ADD CONSTRAINT workflow_events_history_pkey PRIMARY KEY (workflow_uuid, function_id, key);
ALTER TABLE ONLY dbos.workflow_events
    ADD CONSTRAINT workflow_events_pkey PRIMARY KEY (workflow_uuid, key);
ALTER TABLE ONLY dbos.workflow_input
    ADD CONSTRAINT workflow_input_pkey PRIMARY KEY (workflow_uuid);
ALTER TABLE ONLY dbos.workflow_output
    ADD CONSTRAINT workflow_output_pkey PRIMARY KEY (workflow_uuid);
ALTER TABLE ONLY dbos.workflow_schedules
    ADD CONSTRAINT workflow_schedules_pkey PRIMARY KEY (schedule_id);
ALTER TABLE ONLY dbos.workflow_schedules
    ADD CONSTRAINT workflow_schedules_schedule_name_key UNIQUE (schedule_name);
ALTER TABLE ONLY dbos.workflow_status
    ADD CONSTRAINT workflow_status_pkey PRIMARY KEY (workflow_uuid);
ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_token_hash_key UNIQUE (token_hash);
ALTER TABLE ONLY public.ledger_events
    ADD CONSTRAINT ledger_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_files
    ADD CONSTRAINT ledger_files_id_key UNIQUE (id);
ALTER TABLE ONLY public.ledger_files
    ADD CONSTRAINT ledger_files_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.ledger_items
    ADD CONSTRAINT ledger_items_id_key UNIQUE (id);
ALTER TABLE ONLY public.ledger_items
    ADD CONSTRAINT ledger_items_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.ledger_transfers
    ADD CONSTRAINT ledger_transfers_id_key UNIQUE (id);
ALTER TABLE ONLY public.ledger_transfers
    ADD CONSTRAINT ledger_transfers_owner_request_key_key UNIQUE (owner, request_key);
ALTER TABLE ONLY public.ledger_transfers
    ADD CONSTRAINT ledger_transfers_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.notify_code
    ADD CONSTRAINT notify_code_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.notify_delivery
    ADD CONSTRAINT notify_delivery_event_id_username_channel_key UNIQUE (event_id, username, channel);
ALTER TABLE ONLY public.notify_delivery
    ADD CONSTRAINT notify_delivery_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.notify_position
    ADD CONSTRAINT notify_position_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.notify_preference
    ADD CONSTRAINT notify_preference_pkey PRIMARY KEY (username);
ALTER TABLE ONLY public.task_lease
    ADD CONSTRAINT task_lease_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.task
    ADD CONSTRAINT task_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.task_target
    ADD CONSTRAINT task_target_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.task_worker
    ADD CONSTRAINT task_worker_pkey PRIMARY KEY (id);
CREATE INDEX idx_application_versions_owner_timestamp ON dbos.application_versions USING btree (application_name, version_timestamp DESC);
CREATE INDEX idx_application_versions_timestamp ON dbos.application_versions USING btree (version_timestamp DESC);
CREATE INDEX idx_operation_outputs_completed_at_function_name_v2 ON dbos.operation_outputs USING btree (completed_at_epoch_ms, function_name) INCLUDE (application_name);
CREATE INDEX idx_operation_outputs_retention ON dbos.operation_outputs USING btree (retention_timestamp);
CREATE INDEX idx_workflow_input_retention ON dbos.workflow_input USING btree (retention_timestamp);
CREATE INDEX idx_workflow_output_retention ON dbos.workflow_output USING btree (retention_timestamp);
CREATE INDEX idx_workflow_status_attributes ON dbos.workflow_status USING gin (attributes) WHERE (attributes IS NOT NULL);
CREATE INDEX idx_workflow_status_completed_at ON dbos.workflow_status USING btree (completed_at) WHERE (completed_at IS NOT NULL);
CREATE INDEX idx_workflow_status_deadline ON dbos.workflow_status USING btree (workflow_deadline_epoch_ms) WHERE ((status = ANY (ARRAY['ENQUEUED'::text, 'PENDING'::text, 'DELAYED'::text])) AND (workflow_deadline_epoch_ms IS NOT NULL));
CREATE INDEX idx_workflow_status_delayed ON dbos.workflow_status USING btree (delay_until_epoch_ms) WHERE (status = 'DELAYED'::text);
CREATE INDEX idx_workflow_status_failed ON dbos.workflow_status USING btree (status, created_at) WHERE (status = ANY (ARRAY['ERROR'::text, 'CANCELLED'::text, 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'::text]));
CREATE INDEX idx_workflow_status_forked_from ON dbos.workflow_status USING btree (forked_from) WHERE (forked_from IS NOT NULL);
CREATE INDEX idx_workflow_status_in_flight_v2 ON dbos.workflow_status USING btree (queue_name, status, priority, created_at) INCLUDE (application_name) WHERE (status = ANY (ARRAY['ENQUEUED'::text, 'PENDING'::text]));
CREATE INDEX idx_workflow_status_parent_workflow_id ON dbos.workflow_status USING btree (parent_workflow_id) WHERE (parent_workflow_id IS NOT NULL);
CREATE INDEX idx_workflow_status_partition_dequeue_v3 ON dbos.workflow_status USING btree (queue_name, status, queue_partition_key, priority, created_at, workflow_uuid) INCLUDE (application_name) WHERE ((status = ANY (ARRAY['ENQUEUED'::text, 'PENDING'::text])) AND (queue_partition_key IS NOT NULL));
CREATE INDEX idx_workflow_status_pending ON dbos.workflow_status USING btree (created_at) WHERE (status = 'PENDING'::text);
CREATE INDEX idx_workflow_status_rate_limited ON dbos.workflow_status USING btree (queue_name, started_at_epoch_ms) WHERE (rate_limited = true);
CREATE INDEX idx_workflow_status_schedule_name ON dbos.workflow_status USING btree (schedule_name) WHERE (schedule_name IS NOT NULL);
CREATE INDEX idx_workflow_status_started_at ON dbos.workflow_status USING btree (started_at_epoch_ms) WHERE (started_at_epoch_ms IS NOT NULL);
CREATE INDEX idx_workflow_topic ON dbos.notifications USING btree (destination_uuid, topic);
CREATE UNIQUE INDEX uq_application_versions_owner_version ON dbos.application_versions USING btree (application_name, version_name) WHERE (application_name IS NOT NULL);
CREATE UNIQUE INDEX uq_application_versions_unclaimed_version ON dbos.application_versions USING btree (version_name) WHERE (application_name IS NULL);
CREATE UNIQUE INDEX uq_workflow_status_dedup_id ON dbos.workflow_status USING btree (queue_name, deduplication_id) WHERE (deduplication_id IS NOT NULL);
CREATE INDEX workflow_status_created_at_index ON dbos.workflow_status USING btree (created_at);
CREATE INDEX grants_username ON public.grants USING btree (username, created_at);
CREATE INDEX ledger_events_owner ON public.ledger_events USING btree (owner, id);
CREATE INDEX ledger_files_item ON public.ledger_files USING btree (item_id, seq);
CREATE INDEX ledger_files_transfer ON public.ledger_files USING btree (transfer_id, seq);
CREATE INDEX ledger_items_state ON public.ledger_items USING btree (state, seq);
CREATE INDEX ledger_items_transfer ON public.ledger_items USING btree (transfer_id, seq);
CREATE INDEX ledger_items_troubled ON public.ledger_items USING btree (transfer_id) WHERE (trouble IS NOT NULL);
CREATE INDEX ledger_transfers_owner ON public.ledger_transfers USING btree (owner, seq);
CREATE INDEX notify_code_username ON public.notify_code USING btree (username, sent_at);
CREATE INDEX notify_delivery_batch ON public.notify_delivery USING btree (batch);
CREATE INDEX notify_delivery_due ON public.notify_delivery USING btree (queued, channel) WHERE (settled_at IS NULL);
CREATE INDEX notify_delivery_inbox ON public.notify_delivery USING btree (username, channel, id);
CREATE INDEX task_by_age ON public.task USING btree (created_at, id);
CREATE INDEX task_by_owner ON public.task USING btree (owner, created_at);
CREATE INDEX task_by_state ON public.task USING btree (state, retry_at);
CREATE INDEX task_untold ON public.task USING btree (told, updated_at);
CREATE TRIGGER dbos_notifications_trigger AFTER INSERT ON dbos.notifications FOR EACH ROW EXECUTE FUNCTION dbos.notifications_function();
ALTER TABLE ONLY dbos.notifications
    ADD CONSTRAINT notifications_destination_uuid_fkey FOREIGN KEY (destination_uuid) REFERENCES dbos.workflow_status(workflow_uuid) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY dbos.streams
    ADD CONSTRAINT streams_workflow_uuid_fkey FOREIGN KEY (workflow_uuid) REFERENCES dbos.workflow_status(workflow_uuid) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY dbos.workflow_events_history
    ADD CONSTRAINT workflow_events_history_workflow_uuid_fkey FOREIGN KEY (workflow_uuid) REFERENCES dbos.workflow_status(workflow_uuid) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY dbos.workflow_events
    ADD CONSTRAINT workflow_events_workflow_uuid_fkey FOREIGN KEY (workflow_uuid) REFERENCES dbos.workflow_status(workflow_uuid) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.ledger_files
    ADD CONSTRAINT ledger_files_item_id_fkey FOREIGN KEY (item_id) REFERENCES public.ledger_items(id);
ALTER TABLE ONLY public.ledger_items
    ADD CONSTRAINT ledger_items_transfer_id_fkey FOREIGN KEY (transfer_id) REFERENCES public.ledger_transfers(id);
