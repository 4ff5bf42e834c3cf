import t from 'tap';
import { readConfig, SETTINGS } from '../../control-plane/config.ts';
import { ALERT_SETTINGS } from '../../control-plane/features/alerts/settings.ts';
import { ARCHIVE_SETTINGS } from '../../control-plane/features/archive/settings.ts';
import { FLEET_SETTINGS } from '../../control-plane/features/fleet/settings.ts';
import { FORWARD_SETTINGS } from '../../control-plane/features/forward/settings.ts';
import { INGEST_SETTINGS } from '../../control-plane/features/ingest/settings.ts';
import { NODE_SETTINGS } from '../../control-plane/features/nodes/settings.ts';
import { RETENTION_SETTINGS } from '../../control-plane/features/retention/settings.ts';
import { RULE_SETTINGS } from '../../control-plane/features/rules/settings.ts';
import { SYNC_SETTINGS } from '../../control-plane/features/sync/settings.ts';
import { SERVER_SETTINGS } from '../../control-plane/server-settings.ts';
import { ConfigError } from '../../control-plane/setting-types.ts';

t.test('without settings the defaults hold, and empty ones count as unset', async (t) => {
  const defaults = readConfig({});
  t.match(defaults, { HOST: '127.0.0.1', PORT: 8004, DATA_DIR: './data', RETENTION_DAYS: 30 });
  t.same(readConfig({ PORT: '', READ_TOKEN: '' }), defaults);
  t.same(readConfig({ HOME: '/root', PATH: '/bin' }), defaults, 'foreign variables are passed over');
});

t.test('values are read in their types', async (t) => {
  t.match(
    readConfig({ PORT: '0', LOG_LEVEL: 'WARN', LOG_PATHS: '/a.log, /b/*.log,', CORS_ORIGIN: 'http://a' }),
    {
      PORT: 0,
      LOG_LEVEL: 'warn',
      LOG_PATHS: ['/a.log', '/b/*.log'],
      CORS_ORIGIN: ['http://a'],
    },
  );
});

t.test('every bad setting has a line with its name, what it takes and what came', async (t) => {
  const bad = {
    PORT: 'eighty',
    RETENTION_DAYS: '0',
    LOG_LEVEL: 'loud',
    CLICKHOUSE_URL: 'ftp://x',
    CLICKHOUSE_DATABASE: 'a"b',
    DEFAULT_TIMEZONE: 'Mars/Base',
    INGEST_MAX_BYTES: '1.5',
    PUBLIC_URL: 'https://logs.example.com/path',
  };
  try {
    readConfig(bad);
    t.fail('it was read');
  } catch (error) {
    t.type(error, ConfigError);
    const lines = (error as Error).message.split('\n');
    t.equal(lines.length, Object.keys(bad).length);
    for (const [name, value] of Object.entries(bad)) {
      const line = lines.find((candidate) => candidate.startsWith(`${name}: expected `));
      t.ok(line?.endsWith(`, got "${value}"`), line ?? name);
    }
    t.equal(lines[0], 'PORT: expected a whole number from 0 to 65535, got "eighty"');
  }
});

t.test('a body limit that could never be used is refused at the start', async (t) => {
  t.equal(readConfig({ INGEST_MAX_BYTES: '134217728' }).INGEST_MAX_BYTES, 134_217_728);
  t.throws(() => readConfig({ INGEST_MAX_BYTES: '134217729' }), {
    message: 'INGEST_MAX_BYTES: expected a whole number from 1024 to 134217728, got "134217729"',
  });
});

t.test('a setting is declared in one place', async (t) => {
  const declared = [
    SERVER_SETTINGS,
    ALERT_SETTINGS,
    ARCHIVE_SETTINGS,
    FLEET_SETTINGS,
    FORWARD_SETTINGS,
    INGEST_SETTINGS,
    NODE_SETTINGS,
    RETENTION_SETTINGS,
    RULE_SETTINGS,
    SYNC_SETTINGS,
  ].flatMap((shape) => Object.keys(shape));
  t.same(
    declared.filter((name, index) => declared.indexOf(name) !== index),
    [],
    'none is declared twice: the later one would hold in silence',
  );
  t.same(declared.sort(), Object.keys(SETTINGS.shape).sort());
});
