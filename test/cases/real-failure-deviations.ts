export type Quantity = 'records' | 'errors' | 'ranks' | 'times';

const BUS_ERROR =
  'A line `ERROR: …` stands right above a traceback. Whether the program logged that exception or printed the line before it died does not show.';
const DATELESS = 'The lines have a time of the day and no date.';
const CRON = '`(u) CRIT: job nightly was not run` has a level, which the reader of the truth did not count.';
const CANCELLED = 'The time stands within the sentence of slurmstepd and not at the head of the line.';

/** `run/file quantity` → why what is read differs from what a person reads. */
export const DEVIATIONS: Readonly<Record<string, string>> = {
  '15-dataloader-shm-bus-error/load.log records': BUS_ERROR,
  '15-dataloader-shm-bus-error/load.log errors': BUS_ERROR,
  '38-python-logging-exception-formats/short.log times': DATELESS,
  '57-go-panic-nil-map/app.log records':
    '`exit status 2`, which `go run` writes below the stack, is taken for its last line, as a case wants it.',
  '61-rust-panic-backtrace/app.log records':
    'Another thread writes records between the head of the stack and its frames, and nothing names the threads.',
  '78-slurm-time-limit/md-4801.out times': CANCELLED,
  '80-slurm-scancel/long.err times': CANCELLED,
  '87-celery-task-retries/celery.log records':
    "The sixteen lines of Celery's banner are sixteen records: drawings are not told from lists of records.",
  '94-rsyslog-service-crash/syslog.log errors': CRON,
  '94-rsyslog-service-crash/syslog.iso.log errors': CRON,
};
