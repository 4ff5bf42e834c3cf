import { type DemoEvent, type DemoProgram, isoTime, plainTime, pythonTime } from './program.ts';

const LOADGEN = 'loadgen/loadgen-12345';
const PM2 = 'pm2/logs/api-out.log';
const PROMETHEUS = 'monitoring/prometheus.log';

/** A load generator run as a SLURM job: figures on stdout, trouble on stderr. */
export const loadGenerator: DemoProgram = {
  weight: 3,
  step(random, time) {
    if (random.chance(0.06)) {
      const text = random.pick([
        `WARNING loadgen: request ${random.integer(1000, 99999)} timed out after 30.0 s, retrying`,
        `ERROR loadgen: connection to 10.20.0.5:8000 refused, worker ${random.integer(0, 7)} pauses 1 s`,
      ]);
      return [{ file: `${LOADGEN}.err`, text: `${pythonTime(time)} ${text}` }];
    }
    const sent = random.integer(80, 240);
    const text =
      `${pythonTime(time)} INFO loadgen: worker=${random.integer(0, 7)} sent=${sent} ` +
      `ok=${sent - random.integer(0, 6)} p50_ms=${random.integer(180, 400)} p99_ms=${random.integer(600, 4000)}`;
    return [{ file: `${LOADGEN}.out`, text }];
  },
};

/** A Node service under PM2 with `log_type: json`: the text in an envelope whose time has no zone. */
export const pm2Service: DemoProgram = {
  weight: 3,
  step(random, time) {
    const id = random.integer(1000, 9999);
    const failed = random.chance(0.05);
    const message = failed
      ? `Error: job ${id} was refused by the queue\n    at Queue.add (/srv/api/queue.js:88:11)\n    at async enqueue (/srv/api/jobs.js:31:5)\n`
      : `${random.pick(['accepted', 'started', 'finished'])} job ${id} for tenant-${random.integer(1, 12)}\n`;
    const type = failed ? 'err' : 'out';
    const entry = {
      message,
      timestamp: plainTime(time),
      type,
      process_id: random.integer(0, 1),
      app_name: 'api',
    };
    return [{ file: PM2, text: JSON.stringify(entry) }];
  },
};

/** A monitoring server: logfmt. */
export const monitoringServer: DemoProgram = {
  weight: 2,
  step(random, time) {
    const write = (text: string): DemoEvent[] => [
      { file: PROMETHEUS, text: `ts=${isoTime(time)} caller=${text}` },
    ];
    const target = `http://gpu0${random.integer(41, 48)}:9100/metrics`;
    if (random.chance(0.06)) {
      return write(
        `scrape.go:1351 level=warn component="scrape manager" scrape_pool=nodes target=${target} msg="Append failed" err="sample older than the head by ${random.integer(2, 90)}s"`,
      );
    }
    if (random.chance(0.02)) {
      return write(
        `notifier.go:528 level=error component=notifier alertmanager=http://alerts:9093 count=${random.integer(1, 5)} msg="Error sending alert" err="connection refused"`,
      );
    }
    return write(
      `compact.go:576 level=info component=tsdb msg="write block" mint=${time - 7_200_000} maxt=${time} duration=${random.decimal(100, 900, 3)}ms`,
    );
  },
};
