/**
 * How the engine's allocator (jemalloc) treats memory that it has no use for. It reads this when its library is loaded, so entry points
 * import this module first. It keeps such memory for 5 s otherwise: exports took 40 MB more, ingest 35, at no more rows/s (three pairs).
 */
process.env.JE_MALLOC_CONF ??= 'dirty_decay_ms:200,muzzy_decay_ms:0';
