/** Words of a text, which keeps the long lists below readable. */
const words = (text: string): readonly string[] => text.split(/\s+/);

const COMMON = words(`name alias log_level log_suppress_interval`);
const INPUT = [
  ...COMMON,
  ...words(`tag mem_buf_limit storage.type storage.pause_on_chunks_overlimit threaded`),
];
const FILTER = [...COMMON, ...words(`match match_regex`)];
const TLS =
  words(`tls tls.verify tls.verify_hostname tls.ca_file tls.ca_path tls.crt_file tls.key_file tls.key_passwd
tls.vhost tls.min_version tls.max_version tls.ciphers`);
const NET = words(`net.keepalive net.keepalive_idle_timeout net.keepalive_max_recycle net.connect_timeout
net.io_timeout net.dns.mode net.dns.resolver net.source_address net.max_worker_connections`);
const OUTPUT = [
  ...COMMON,
  ...words(`match match_regex retry_limit storage.total_limit_size workers log_response_payload`),
];
const HTTP = [...OUTPUT, ...TLS, ...NET, ...words(`host port header compress http_user http_passwd proxy`)];
const MODIFY = words(
  `set add remove remove_wildcard remove_regex rename hard_rename copy hard_copy condition`,
);

/**
 * The plugins of Fluent Bit 5.1 that a configuration may use, with their properties. Those that run programs or read
 * other files (`exec`, `plugins_file`, …) are left out.
 */
export const PLUGINS: Readonly<Record<string, Readonly<Record<string, ReadonlySet<string>>>>> = {
  INPUT: {
    tail: new Set([
      ...INPUT,
      ...words(`path exclude_path path_key offset_key key db db.sync db.locking db.journal_mode db.compare_filename
read_from_head read_newly_discovered_files_from_head refresh_interval watcher_interval
progress_check_interval rotate_wait ignore_older ignore_active_older_files buffer_chunk_size
buffer_max_size static_batch_size event_batch_size skip_long_lines skip_empty_lines
truncate_long_lines file_cache_advise inotify_watcher parser tag_regex multiline.parser
generic.encoding exit_on_eof`),
    ]),
    forward: new Set([
      ...INPUT,
      ...TLS,
      ...words(`listen port tag_prefix shared_key self_hostname security.users unix_path unix_perm buffer_chunk_size
buffer_max_size empty_shared_key workers`),
    ]),
    systemd: new Set([
      ...INPUT,
      ...words(`path max_fields max_entries systemd_filter systemd_filter_type read_from_tail db db.sync lowercase
strip_underscores`),
    ]),
    dummy: new Set([
      ...INPUT,
      ...words(`dummy rate samples interval_sec interval_nsec start_time_sec metadata copies`),
    ]),
  },
  FILTER: {
    modify: new Set([...FILTER, ...MODIFY]),
    parser: new Set([...FILTER, ...words(`key_name parser preserve_key reserve_data unescape_key`)]),
    record_modifier: new Set([...FILTER, ...words(`record remove_key allowlist_key whitelist_key uuid_key`)]),
    grep: new Set([...FILTER, ...words(`regex exclude logical_op`)]),
    lua: new Set([
      ...FILTER,
      ...words(`script call type_int_key type_array_key protected_mode time_as_table enable_flb_null`),
    ]),
    multiline: new Set([
      ...FILTER,
      ...words(`multiline.parser multiline.key_content mode buffer flush_ms emitter_name emitter_storage.type
emitter_mem_buf_limit debug_flush`),
    ]),
    throttle: new Set([...FILTER, ...words(`rate window interval print_status retain`)]),
    rewrite_tag: new Set([
      ...FILTER,
      ...words(`rule emitter_name emitter_storage.type emitter_mem_buf_limit recursive_rewrite`),
    ]),
    nest: new Set([
      ...FILTER,
      ...words(`operation wildcard nest_under nested_under add_prefix remove_prefix`),
    ]),
  },
  OUTPUT: {
    http: new Set([
      ...HTTP,
      ...words(`uri http_method format json_date_key json_date_format header_tag allow_duplicated_headers
http.response_timeout http.read_idle_timeout`),
    ]),
    opentelemetry: new Set([
      ...HTTP,
      ...words(`logs_uri grpc http2 grpc_logs_uri batch_size logs_body_key logs_body_key_attributes add_label
logs_severity_text_message_key logs_severity_number_message_key logs_trace_id_message_key
logs_span_id_message_key logs_max_resources logs_max_scopes`),
    ]),
    stdout: new Set([...OUTPUT, ...words(`format json_date_key json_date_format`)]),
    null: new Set([...OUTPUT, ...words(`format`)]),
  },
};

export const SERVICE_KEYS: ReadonlySet<string> = new Set(
  words(`flush grace daemon log_level parsers_file http_server http_listen http_port hot_reload health_check
hc_errors_count hc_retry_failure_count hc_period storage.path storage.sync storage.checksum
storage.metrics storage.max_chunks_up storage.backlog.mem_limit storage.delete_irrecoverable_chunks
storage.keep.rejected storage.rejected.path storage.trim_files scheduler.base scheduler.cap
json.escape_unicode dns.mode dns.resolver coro_stack_size`),
);

/** Properties that a section may have several times. */
export const REPEATABLE: ReadonlySet<string> = new Set([
  ...MODIFY,
  ...words(`header regex exclude record remove_key rule systemd_filter add_label wildcard allowlist_key
whitelist_key type_int_key type_array_key security.users metadata`),
]);

export const PARSER_KEYS: ReadonlySet<string> = new Set(
  words(`name format regex time_key time_format time_keep time_offset time_strict time_system_timezone types
decode_field decode_field_as skip_empty_values logfmt_no_bare_keys`),
);

export const MULTILINE_PARSER_KEYS: ReadonlySet<string> = new Set(
  words(`name type parser key_content key_pattern key_group flush_timeout rule match_string negate`),
);

/** Built into Fluent Bit. */
export const BUILT_IN_MULTILINE: readonly string[] = words(`docker cri java python go ruby`);
