import { matchAt } from '../../record/match-at.ts';
import type { Severity } from '../../record/severity.ts';

const FATAL: Severity = { level: 'fatal', spelling: '' };
const ERROR: Severity = { level: 'error', spelling: '' };
const WARN: Severity = { level: 'warn', spelling: '' };

interface Sentence {
  readonly pattern: RegExp;
  readonly severity: Severity;
}

/** By the word that they begin with, or its first letters: patterns are matched there, never in the middle of a sentence. */
const SENTENCES: readonly (readonly [words: string, pattern: string, severity: Severity])[] = [
  // Python, C++, Rust, Go, Java, Node
  ['Traceback', String.raw`Traceback \(most recent call last\)`, ERROR],
  ['Fatal', String.raw`Fatal (?:Python error: |error(?:: (?!none|0\b)| in |,)|glibc error)`, ERROR],
  ['fatal', String.raw`fatal error: (?!none|0\b)`, FATAL],
  ['terminate', String.raw`terminate called (?:after|without|recursively)`, ERROR],
  ['terminating', String.raw`terminating (?:with|due to) uncaught exception`, ERROR],
  ['thread', String.raw`thread (?:'[^'\n]{0,80}'|<unnamed>)(?: \(\d+\))? panicked at `, ERROR],
  ['panic', String.raw`panic(?:: (?!none|0\b)| serving |\()`, FATAL],
  ['Exception', String.raw`Exception(?:: (?!none\b)|$| in | during | ignored in)`, ERROR],
  ['Caused', String.raw`Caused by: \S*(?:Exception|Error)\b`, ERROR],
  [
    'Uncaught Unhandled UnhandledPromiseRejection',
    String.raw`\w+ (?:[Ee]xception|[Rr]ejection|(?:\w{1,80}\.){0,8}\w{0,80}(?:Error|Exception))\b`,
    ERROR,
  ],
  ['FATAL', String.raw`FATAL ERROR: `, FATAL],
  ['runtime', String.raw`runtime error: `, ERROR],
  ['Assertion', String.raw`Assertion failed\b`, ERROR],
  // Signals, the allocator of glibc, sanitizers
  ['Segmentation', String.raw`Segmentation fault(?=\s*(?:$|\(|[:.,]| at | in ))`, ERROR],
  ['Aborted Killed', String.raw`\w+(?: \(core dumped\))?\s*$`, ERROR],
  ['Bus', String.raw`Bus error\b(?! rate)`, ERROR],
  ['Illegal', String.raw`Illegal instruction(?=\s*(?:$|\(|:))`, ERROR],
  ['Floating', String.raw`Floating point exception(?=\s*(?:$|\(|:))`, ERROR],
  [
    'line',
    String.raw`line \d+: +\d+ (?:Killed|Aborted|Segmentation fault|Bus error|Illegal instruction)\b`,
    ERROR,
  ],
  ['double', 'double free or corruption', ERROR],
  [
    'free malloc malloc_consolidate realloc munmap_chunk',
    String.raw`\w+\(\): (?:invalid|corrupted|unaligned|memory|double|largebin)`,
    ERROR,
  ],
  ['corrupted', String.raw`corrupted (?:size vs|double-linked)`, ERROR],
  ['Caught', String.raw`Caught signal \d+`, ERROR],
  [
    '*',
    String.raw`\*{3} (?:Process received signal|An error occurred in |stack smashing detected|buffer overflow detected|Error in |Aborted at |\[.{1,160}\] (?:Error|Killed|Segmentation)|No rule to make)`,
    ERROR,
  ],
  ['=', String.raw`={2}\d+={2}\s?ERROR: |=+ {3}BAD TERMINATION`, ERROR],
  ['#', '# A fatal error has been detected by the Java Runtime', FATAL],
  // GPUs
  [
    'CUDA Cuda cuda',
    String.raw`(?:CUDA|Cuda|cuda) (?:[Ee]rror(?!: (?:no error|none|0\b|success))(?:: | \d| in |\()|[Ff]ailure|out of memory|driver version is insufficient|initialization (?:error|failed))`,
    ERROR,
  ],
  ['NCCL', String.raw`NCCL (?:[Ee]rror(?!s)|failure)\b`, ERROR],
  ['Test', String.raw`Test (?:NCCL|CUDA) failure\b`, ERROR],
  ['Failed', String.raw`Failed[,:] (?:NCCL|CUDA|Cuda) error`, ERROR],
  ['NVRM', String.raw`NVRM: (?:Xid\b|.{0,80}(?:fallen off the bus|[Ff]ailed|is lost))`, ERROR],
  ['Xid SXid', String.raw`\w+ \(PCI:`, ERROR],
  ['GPU', String.raw`GPU .{0,80}(?:has fallen off the bus|is lost)\b`, ERROR],
  ['Unable', 'Unable to determine the device handle for (?:GPU|gpu)', ERROR],
  [
    'Uncorrectable uncorrectable',
    String.raw`[Uu]ncorrectable (?:ECC |memory |NVLink )?error\b(?!s|\s*[:=])`,
    ERROR,
  ],
  ['ECC', String.raw`ECC error (?:encountered|detected|occurred|on )`, ERROR],
  // The kernel and drivers
  ['segfault', 'segfault at ', ERROR],
  ['traps', String.raw`traps: .{1,80} (?:general protection|trap )`, ERROR],
  ['general', 'general protection fault', ERROR],
  ['Out Memory', String.raw`(?:Out of memory: Kill|Memory cgroup out of memory)`, ERROR],
  ['oom', 'oom-kill:', ERROR],
  ['Kernel', 'Kernel panic - not syncing', FATAL],
  ['BUG', String.raw`BUG: (?!0\b)`, ERROR],
  ['Oops', 'Oops: ', ERROR],
  ['EDAC', String.raw`EDAC \w+: \d+ UE\b`, ERROR],
  ['EDAC', String.raw`EDAC \w+: \d+ CE\b`, WARN],
  ['Buffer I', String.raw`(?:Buffer )?I\/O error\b(?=, | on )`, ERROR],
  ['EXT', String.raw`EXT\d-fs error\b`, ERROR],
  // MPI
  ['MPI_ABORT', 'MPI_ABORT was invoked', ERROR],
  [
    'mpirun mpiexec orterun prterun',
    String.raw`\w+ (?:noticed that process|detected that one or more processes exited)`,
    ERROR,
  ],
  ['Primary', String.raw`Primary job +terminated normally, but`, ERROR],
  ['An', 'An error occurred in MPI_', ERROR],
  ['BAD YOUR', String.raw`(?:BAD TERMINATION OF ONE OF YOUR|YOUR APPLICATION TERMINATED WITH)`, ERROR],
  ['PMIX ORTE_ERROR_LOG', String.raw`(?:PMIX ERROR|ORTE_ERROR_LOG): `, ERROR],
  // Tools
  ['nvcc ptxas nvlink', String.raw`\w+ fatal +: `, FATAL],
  ['nvcc ptxas nvlink', String.raw`\w+ error +: `, ERROR],
  ['nvcc ptxas nvlink', String.raw`\w+ warning +: `, WARN],
  ['CMake', String.raw`CMake Error(?: at |:| \()`, ERROR],
  ['CMake', String.raw`CMake (?:Deprecation )?Warning\b`, WARN],
  ['PHP', String.raw`PHP (?:Fatal|Parse|Recoverable fatal) error: `, FATAL],
  ['PHP', String.raw`PHP (?:Warning|Deprecated): `, WARN],
  ['npm', String.raw`npm (?:ERR!|error) `, ERROR],
  ['npm', String.raw`npm (?:WARN|warn) `, WARN],
  ['build', String.raw`build stopped: `, ERROR],
  ['error', String.raw`error\[E\d+\]: `, ERROR],
  ['Error', 'Error response from daemon', ERROR],
  ['PM', 'PM2 error: ', ERROR],
  ['MISCONF', 'MISCONF Redis ', ERROR],
];

const BY_WORD = new Map<string, Sentence[]>();
for (const [words, pattern, severity] of SENTENCES) {
  for (const word of words.split(' ')) {
    const sentence = { pattern: new RegExp(pattern, 'ym'), severity };
    BY_WORD.set(word, [...(BY_WORD.get(word) ?? []), sentence]);
  }
}

/** Which pairs of first characters a sentence can begin with: it spares most words a look into the table. */
const BEGINNINGS = new Uint8Array(1024);

function beginningOf(text: string, at: number): number {
  return ((text.charCodeAt(at) & 31) << 5) | (text.charCodeAt(at + 1) & 31);
}

for (const word of BY_WORD.keys()) {
  if (word.length > 1) BEGINNINGS[beginningOf(word, 0)] = 1;
  else BEGINNINGS.fill(1, beginningOf(word, 0) & ~31, (beginningOf(word, 0) & ~31) + 32);
}

/**
 * `KeyError: x`, `torch.cuda.OutOfMemoryError: x`, `RayTaskError(ValueError): x`, `struct.error: x`, `cudaErrorAssert: x`; a number behind it
 * is a metric.
 */
const FAILURE_NAME =
  /(?:\{ )?(?:[\w$]{1,80}(?:\.|::)){0,12}(?:[\w$]{0,80}?(?:Error|Exception)(?:\(\w{1,80}\))?(?: \[\w+\])?|(?<=\.)error|cudaError\w{1,60}|CU[A-Z]{2,8}_(?:ERROR_|STATUS_(?!SUCCESS))\w{1,60})(?:: (?!\s*(?:[-+]?[\d.]+|none|null)\s*$)|$)/my;
const WARNING_NAME = /(?:\w{1,80}\.){0,8}[A-Z]\w{0,80}Warning: /y;

/** import.rb:8:in `rescue in rates': import of row 38 failed (ImportError) */
const RUBY = /[\w-]{1,80}\.rb:\d+:in [`'].{1,400} \(\S{0,80}(?:Error|Exception)\)$/my;

/** Longer words begin no sentence and no name. */
const MAX_WORD = 160;

function isNameCharacter(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 46 && code <= 57) ||
    code === 95 ||
    code === 36
  );
}

/** True where the name of an error or a warning may begin whose first letters end at `end`: most words are done here. */
function mayBeName(text: string, at: number, end: number): boolean {
  if (end === at) return text.charCodeAt(at) === 123;
  const limit = Math.min(text.length, end + 200);
  let to = end;
  let code = text.charCodeAt(to);
  // `::` is between the names of C++.
  while (to < limit && (isNameCharacter(code) || (code === 58 && text.charCodeAt(to + 1) === 58))) {
    to += code === 58 ? 2 : 1;
    code = text.charCodeAt(to);
  }
  if (code === 32) return text.charCodeAt(to + 1) === 91;
  if (code !== 58 && code !== 40 && code !== 10 && to < text.length) return false;
  if (code === 40 || text.startsWith('CU', at) || text.startsWith('cuda', at)) return true;
  return (
    text.startsWith('rror', to - 4) ||
    text.startsWith('xception', to - 8) ||
    text.startsWith('arning', to - 6)
  );
}

/** The severity of the sentence that begins at a position, where only a program that fails writes it. */
export function sentenceSeverity(text: string, at: number): Severity | undefined {
  const limit = at + MAX_WORD;
  let end = at;
  let code = text.charCodeAt(at);
  while (end < limit && ((code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95))
    code = text.charCodeAt(++end);
  if (BEGINNINGS[beginningOf(text, at)] === 1) {
    const sentences = BY_WORD.get(end === at ? text.charAt(at) : text.slice(at, end)) ?? [];
    for (const { pattern, severity } of sentences) if (matchAt(pattern, text, at)) return severity;
  }
  if (!mayBeName(text, at, end))
    return text.startsWith('.rb:', end) && matchAt(RUBY, text, at) ? ERROR : undefined;
  if (matchAt(FAILURE_NAME, text, at)) return ERROR;
  return matchAt(WARNING_NAME, text, at) ? WARN : undefined;
}

/** Sentences that are known in the middle of a line too, each with a text of it that begins with a rare letter and is therefore cheap to find. */
const ANYWHERE: readonly { readonly hint: string; readonly pattern: RegExp; readonly severity: Severity }[] =
  [
    {
      hint: 'Traceback',
      pattern: /^(?:.{0,80}[\]:|] *)?Traceback \(most recent call last\)/m,
      severity: ERROR,
    },
    {
      hint: 'Assertion ',
      pattern: /^.{0,400}(?:: |\bthread: \[[\d,]+\] )Assertion [`'].{1,400}[`'] failed/m,
      severity: ERROR,
    },
    { hint: 'Warning: ', pattern: /:\d+: (?:\w+\.)?[A-Z]\w*Warning: /, severity: WARN },
    { hint: 'killer: ', pattern: /\S{1,40} invoked oom-killer: /, severity: ERROR },
    // SLURM appends its words to the line that is being written.
    { hint: 'urmstepd', pattern: /slurmstepd[\w.-]{0,64}: fatal: /, severity: FATAL },
    { hint: 'urmstepd', pattern: /slurmstepd[\w.-]{0,64}: error: /, severity: ERROR },
    { hint: 'run: err', pattern: /srun: error: /, severity: ERROR },
  ];

/** The severity of a sentence somewhere in a text. */
export function sentenceSeverityAnywhere(text: string): Severity | undefined {
  for (const { hint, pattern, severity } of ANYWHERE)
    if (text.includes(hint) && pattern.test(text)) return severity;
  return undefined;
}
