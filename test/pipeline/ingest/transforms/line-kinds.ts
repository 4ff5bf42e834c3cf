const ESC = '\u001b';

const TRACEBACK = `Traceback (most recent call last):
  File "a.py", line 3, in main
    f()`;
const PYTHON = `${TRACEBACK}\nKeyError: 'x'`;
const NEXT = '2026-11-20 10:00:01,123 INFO next';

/** Kinds of events, each with texts as the events that their lines are. */
export const KINDS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'a traceback at the end of a logged line': [
    [`ERROR:root:${PYTHON}`, 'INFO:root:next'],
    [`ERROR:my.module:failed: ${PYTHON}`, NEXT],
    [`2026-11-20 10:00:00,125 - root - ERROR - ${PYTHON}`, NEXT],
    ['2026-11-20 10:00:00 ERROR first', `2026-11-20 10:00:00 ERROR second ${PYTHON}`, NEXT],
    [`[2026-11-20 10:00:00 TP0] Scheduler hit an exception: ${PYTHON}`, NEXT],
    [`E1120 10:00:00.125000 77 core.py:12] hit an exception: ${PYTHON}`, NEXT],
    [`100%|####| 3/3 [00:01<?, ?it/s]${PYTHON}`, 'next'],
    [` 40%|####      | 2/5${PYTHON}`, 'next'],
    [`${'x'.repeat(5000)} ${PYTHON}`, 'next'],
    [`\0\0${PYTHON}`, 'next'],
    [`${ESC}[31m${TRACEBACK}${ESC}[0m\n${ESC}[1;31mKeyError${ESC}[0m: 'x'`, 'next'],
  ],
  'a traceback below the line that announces it': [
    [`2026-11-20 10:00:00 ERROR app failed\n${PYTHON}`, NEXT],
    [`2026-11-20 10:00:00 ERROR app failed\n  in: a\n  for: b\n${PYTHON}`, NEXT],
    ['2026-11-20 10:00:00 INFO fine', PYTHON, NEXT],
    // A program that dies begins its stack in its first line; an exception that is logged where it was caught.
    [
      'ERROR:root:child failed',
      `Traceback (most recent call last):\n  File "<frozen runpy>", line 198, in _run_module_as_main\n    f()\nValueError: x`,
    ],
    [
      'ERROR:root:child failed',
      `Traceback (most recent call last):\n  File "/opt/env/bin/torchrun", line 8, in <module>\n    sys.exit(main())\nValueError: x`,
    ],
    [
      'ERROR:root:child failed',
      `Traceback (most recent call last):\n  File "/usr/lib/python3.10/runpy.py", line 196, in _run_module_as_main\n    f()\nValueError: x`,
    ],
    [`Exception in thread Thread-1 (run):\n${PYTHON}`, `Process SpawnProcess-1:\n${PYTHON}`, 'next'],
    [`Process ForkPoolWorker-12:\n${PYTHON}`, 'next'],
    ['Process finished:', 'next'],
    [`Exception ignored in: <function f at 0x7f>\n${PYTHON}`, 'next'],
    [
      `Task exception was never retrieved\nfuture: <Task finished name='Task-2' coro=<f()>>\n${PYTHON}`,
      'next',
    ],
    [
      `Nov 30 19:31:01 asyncio  ERROR    Future exception was never retrieved\nfuture: <Future finished>\n${PYTHON}`,
      NEXT,
    ],
    [`Exception in callback f()\nhandle: <Handle f()>\n${PYTHON}`, 'next'],
  ],
  'a time before each line of a stack': [
    [
      `ERROR:    Exception in ASGI application\n${PYTHON}`.replace(/^/gm, '2026-11-20T19:21:36.100Z '),
      '2026-11-20T19:21:37.1Z INFO:     fine',
    ],
    [PYTHON.replace(/^/gm, '2026-11-20T19:21:36.123456789Z '), '2026-11-20T19:21:37.1Z next'],
    [
      PYTHON.replace(/^/gm, 'Nov 30 20:38:51 node07 ingest[811]: '),
      'Nov 30 20:38:51 node07 sshd[90]: Failed password',
    ],
    [
      PYTHON.replace(/^/gm, '<11>1 2026-11-30T20:38:51.217006+01:00 node07 ingest 811 - -  '),
      'Nov 30 20:38:51 node07 sshd[90]: x',
    ],
    [
      'TypeError: x\n    at f (/a.js:1:2)\n    at g (/a.js:3:4)'.replace(/^/gm, '2026-11-30T20:43:10: '),
      '2026-11-30T20:43:10: warn: slow',
    ],
    [
      'java.lang.IllegalStateException: x\n\tat a.B.c(B.java:1)\nCaused by: a.D: y\n\t... 2 more'.replace(
        /^/gm,
        '2026-11-30T20:43:10Z ',
      ),
      '2026-11-30T20:43:10Z INFO x',
    ],
  ],
  'what belongs to an exception at the left margin': [
    [
      `${TRACEBACK}\ntorch.distributed.DistBackendError: NCCL error in: a.hpp:1\nncclInternalError: Internal check failed.\nLast error:\nNET/IB : no device`,
      'next',
    ],
    [
      `${TRACEBACK}\nRuntimeError: CUDA error: device-side assert triggered\nCUDA kernel errors might be reported later.\nFor debugging consider passing X\n\n`.trimEnd(),
      'next',
    ],
    [`${TRACEBACK}\nRuntimeError: Caught ValueError in replica 0 on device 0.\nOriginal ${PYTHON}`, 'next'],
    [
      `multiprocessing.pool.RemoteTraceback: \n"""\n${PYTHON}\n"""\n\nThe above exception was the direct cause of the following exception:\n\n${PYTHON}`,
      'next',
    ],
    [
      `concurrent.futures.process._RemoteTraceback: \n"""\n${PYTHON}\n"""\n\nThe above exception was the direct cause of the following exception:\n\n${PYTHON}`,
      'next',
    ],
    [
      `${TRACEBACK}\ntorch.multiprocessing.spawn.ProcessRaisedException: \n\n-- Process 1 terminated with the following error:\n${PYTHON}`,
      'next',
    ],
    [`${TRACEBACK}\nbilliard.einfo.ExceptionWithTraceback: \n"""\n${PYTHON}\n"""`, NEXT],
    [
      `${TRACEBACK}\ntorch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n${'='.repeat(60)}\na.py FAILED\n${'-'.repeat(60)}\nFailures:\n  <NO_OTHER_FAILURES>\n${'-'.repeat(60)}\nRoot Cause (first observed failure):\n[0]:\n  rank : 3\n${'='.repeat(60)}`,
      'srun: error: gpu3: task 0: Exited with exit code 1',
    ],
    [
      `${TRACEBACK}\npydantic_core._pydantic_core.ValidationError: 2 validation errors for Settings\ndatabase_url\n  Field required [type=missing]\nitems.0.name\n  Input should be a string`,
      'done',
    ],
    [
      `${TRACEBACK}\npydantic_core._pydantic_core.ValidationError: 1 validation error for Settings\nurl\n  Field required`,
      'done',
      'twice',
    ],
    [
      `${TRACEBACK}\nc10.Error: x\nException raised from f at a.cpp:1 (most recent call first):\nframe #0: f + 0x1 (0x2 in libc10.so)\nframe #1: <unknown function>`,
      'next',
    ],
    [PYTHON, PYTHON, 'next'],
    [`${TRACEBACK}\nKeyboardInterrupt`, 'next'],
    [`${TRACEBACK}\nSystemExit: 1`, '', 'next'],
    [
      '  + Exception Group Traceback (most recent call last):\n  |   File "a.py", line 1\n  | ExceptionGroup: x (1 sub-exception)\n  +-+---------------- 1 ----------------\n    | Traceback (most recent call last):\n    |   File "b.py"\n    | KeyError: 1\n    +------------------------------------',
      'done',
    ],
    [
      `2026-11-14 13:47:09.326 | ERROR    | a:b:42 - caught\nTraceback (most recent call last):\n\n  File "m.py", line 5, in <module>\n    run()\n    └ <function run>\n\n> File "m.py", line 4, in run\n    1 / 0\n\nZeroDivisionError: division by zero`,
      NEXT,
    ],
    [
      `2026-11-30 19:31:03 [error    ] x\n╭──── Traceback (most recent call last) ────╮\n│ a.py:7 in <module> │\n│ ❱ 7 f() │\n╰────────────╯\nValueError: bad`,
      NEXT,
    ],
    [
      `${TRACEBACK}\nray.exceptions.RayTaskError(ValueError): ray::f() (pid=616, ip=10.8.1.5)\n  File "a.py", line 2, in f\n    g()\nValueError: x`,
      'next',
    ],
    [
      `Exception raised from f at a.cpp:632 (most recent call first):\nframe #0: a + 0x96 (0x7f in libc10.so)\nframe #1: b`,
      `terminate called after throwing an instance of 'c10::DistBackendError'\n  what():  [PG ID 0 Rank 3] x\nException raised from f at a.cpp:632 (most recent call first):\nframe #0: a\n\nException raised from g at a.cpp:7 (most recent call first):\nframe #0: b`,
      'next',
    ],
  ],
  'native crashes': [
    [
      `terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc`,
      'Aborted (core dumped)',
    ],
    ['terminate called without an active exception', 'next'],
    [
      `terminate called after throwing an instance of 'c10::Error'\n  what():  x\nException raised from f at a.cpp:1 (most recent call first):\nframe #0: a + 0x1\nframe #12: /usr/bin/python3() [0x567963]`,
      'srun: error: gpu3: task 3: Aborted',
    ],
    ['libc++abi: terminating due to uncaught exception of type std::runtime_error: x', 'next'],
    [
      'Fatal Python error: Segmentation fault\n\nThread 0x00007f79 (most recent call first):\n  File "a.py", line 6 in beat\n\nCurrent thread 0x00007f80 (most recent call first):\n  File "b.py", line 5 in f\n\nExtension modules: numpy (total: 1)',
      'exit 139',
    ],
    [
      'Fatal Python error: Aborted\nPython runtime state: initialized\n\nCurrent thread 0x00007f80 (most recent call first):\n  File "b.py", line 5 in f',
      'done',
    ],
    [
      '*** Process received signal ***\nSignal: Aborted (6)\nSignal code:  (-6)\n[ 0] /lib/libc.so.6(+0x1)[0x7f]\n[12] ./a.out(main+0x9)[0x5]\n*** End of error message ***'.replace(
        /^/gm,
        '[node07:26822] ',
      ),
      '[node07:26822] next',
    ],
    [
      '*** An error occurred in MPI_Recv\n*** reported by process [1,2]\n*** on communicator MPI_COMM_WORLD\n*** MPI_ERR_TRUNCATE: message truncated\n*** MPI_ERRORS_ARE_FATAL (processes will now abort,\n***    and potentially your MPI job)'.replace(
        /^/gm,
        '[node07:26822] ',
      ),
      'next',
    ],
    [
      '[gpu3:12345:0:12345] Caught signal 11 (Segmentation fault: address not mapped)\n==== backtrace (tid:  12345) ====\n 0  /usr/lib/libucs.so.0(ucs_handle_error+0x2e4) [0x7f]\n 1  /app/solver(main+0x9) [0x40]\n=================================',
      'next',
    ],
    [
      `thread 'main' panicked at src/main.rs:5:10:\nindex out of bounds\nnote: run with \`RUST_BACKTRACE=1\` environment variable to display a backtrace`,
      'next',
    ],
    [
      `thread 'tokio-runtime-worker' (77) panicked at a.rs:1:2:\nassertion \`left == right\` failed\n  left: 1\n right: 2\nstack backtrace:\n   0: rust_begin_unwind\n             at /rustc/a.rs:1:2\n  10: main\nnote: Some details are omitted`,
      NEXT,
    ],
    [
      'Unhandled exception. System.InvalidOperationException: x\n ---> System.IO.IOException: y\n   at A.B() in /a.cs:line 3\n   --- End of inner exception stack trace ---\n   at A.Main()',
      'next',
    ],
    [
      'fail: Microsoft.AspNetCore.Server.Kestrel[13]\n      Connection id "1"\n      System.Exception: x\n         at A.B()',
      'info: Microsoft.Hosting.Lifetime[0]\n      Application is shutting down',
    ],
    [
      'panic: x [recovered]\n\tpanic: y\n\ngoroutine 7 [running]:\nmain.(*T).f(0xc0000)\n\t/a.go:8 +0x1d\ncreated by main.main in goroutine 1\n\t/a.go:4 +0x1d\nexit status 2',
      NEXT,
    ],
    [
      '2026/11/27 10:00:00 http: panic serving 10.0.0.1:5: boom\ngoroutine 19 [running]:\nnet/http.f(0xc4)\n\t/a.go:1 +0xd0\npanic(0x62, 0x6c)\n\t/b.go:2 +0x2',
      '2026/11/27 10:00:01 next',
    ],
    [
      'SIGQUIT: quit\nPC=0x46 m=0 sigcode=0\n\ngoroutine 1 [IO wait]:\nmain.main()\n\t/a.go:1 +0x1'.replace(
        'PC=0x46 m=0 sigcode=0\n',
        '',
      ),
      'next',
    ],
    [
      `${'='.repeat(65)}\n==77==ERROR: AddressSanitizer: heap-use-after-free on address 0x602\nREAD of size 4 at 0x602 thread T0\n    #0 0x5 in main a.c:5\n\n0x602 is located 0 bytes inside of 4-byte region\nfreed by thread T0 here:\n    #0 0x7 in free\n\nSUMMARY: AddressSanitizer: heap-use-after-free a.c:5 in main\nShadow bytes around the buggy address:\n  0x0c04: fd\n=>0x0c05: fd\nShadow byte legend:\n  Addressable: 00\n==77==ABORTING`,
      'next',
    ],
    [
      'a.cpp:20:63: runtime error: signed integer overflow\n    #0 0x5 in cell a.cpp:20\n    #1 0x6 in main',
      'next',
    ],
    ['*** stack smashing detected ***: terminated', 'next'],
    [
      'Program received signal SIGSEGV: Segmentation fault - invalid memory reference.\n\nBacktrace for this error:\n#0  0x7f in ???\n#1  0x55 in main',
      'next',
    ],
    [
      '<--- Last few GCs --->\n\n[66:0x31]      263 ms: Mark-Compact 33.5\n\n\n<--- JS stacktrace --->\n\nFATAL ERROR: Reached heap limit\n----- Native stack trace -----\n\n 1: 0xb78db3 node::f() [node]\n10: 0x195e476  [node]',
      'next',
    ],
  ],
  'the stacks of other languages': [
    [
      `2026-11-27 02:50:17.992 ERROR 1 --- [x] i.e.Foo : failed\njava.lang.Exception: it failed\n\tat a.B.c(B.java:1)`,
      NEXT,
    ],
    [
      `2026-11-27 02:50:17.992 ERROR 1 --- [x] i.e.Foo : failed\n\napp.Main$LedgerException: it failed\n\tat a.B.c(B.java:1)\nCaused by: java.lang.Error\n\t... 1 more`,
      NEXT,
    ],
    ['java.lang.Error: worse\n\tat a.B.c(B.java:1)\n\tSuppressed: a.b.C: x\n\t\tat a.B.d(B.java:2)', 'ok'],
    [
      'Nov 30, 2026 7:33:56 PM app.Main main\nINFO: closed',
      'Nov 30, 2026 7:33:56 PM app.Main main\nSEVERE: failed\napp.Main$XException: cannot\n\tat app.Main.f(Main.java:9)',
      'next',
    ],
    [
      "node:events:502\n      throw er;\n      ^\n\nError: listen EADDRINUSE\n    at f (node:net:1:2)\nEmitted 'error' event on Server instance at:\n    at g (node:net:3:4) {\n  code: 'X'\n}\n\nNode.js v20.20.2",
      'next',
    ],
    [
      '<anonymous_script>:1\n{"order": 30,\n\nSyntaxError: Unexpected end\n    at JSON.parse (<anonymous>)\n\nNode.js v20.20.2',
      'next',
    ],
    [
      'node:internal/process/promises:288\n            triggerUncaughtException(err, true /* fromPromise */);\n            ^\n\n[UnhandledPromiseRejection: This error originated in "x".] {\n  code: \'X\'\n}\n\nNode.js v20.20.2',
      'next',
    ],
    ['/app/a.js:12', 'next'],
    [
      '(node:6673) [DEP9001] DeprecationWarning: x\n(Use `node --trace-deprecation ...` to show where the warning was created)',
      'next',
    ],
    [
      "a.rb:8:in `f': it failed (ImportError)\n\tfrom a.rb:5:in `g'\n/usr/lib/psych.rb:670:in `initialize': No such file (Errno::ENOENT)\n\tfrom a.rb:6:in `h'",
      'next',
    ],
    [
      '[30-Nov-2026 20:34:03 Europe/Berlin] PHP Fatal error:  Uncaught TypeError: x\nStack trace:\n#0 /a.php(10): total()\n#1 {main}\n  thrown in /a.php on line 3',
      'next',
    ],
    ["Can't open x at a.pl line 12.\n\tmain::f(1) called at a.pl line 20", 'next'],
  ],
  'blank lines and blocks': [
    [
      '2026-11-27 02:50:17.992 DEBUG org.hibernate.SQL - \n\n    select\n        *\n\n    from\n        t',
      NEXT,
    ],
    [
      `2026-11-27 02:50:17.992 ERROR 1 --- [main] o.s.b.d.LoggingFailureAnalysisReporter   : \n\n${'*'.repeat(27)}\nAPPLICATION FAILED TO START\n${'*'.repeat(27)}\n\nDescription:\n\nPort 8080 was already in use.\n\nAction:\n\nStop the other process.`,
      NEXT,
    ],
    [`WARNING:__main__:\n${'*'.repeat(41)}\nSetting OMP_NUM_THREADS\n${'*'.repeat(41)}`, PYTHON],
    [
      `${'-'.repeat(74)}\nMPI_ABORT was invoked on rank 2\nwith errorcode 3.\n\nNOTE: invoking MPI_ABORT kills all\n${'-'.repeat(74)}`,
      'next',
    ],
    [
      `${'-'.repeat(74)}\nWARNING: There was an error initializing an OpenFabrics device.\n\n  Local host: n1\n${'-'.repeat(74)}`,
      'next',
    ],
    ['='.repeat(42), 'Sweep', '='.repeat(42), 'next'],
    ['='.repeat(42), 'a', 'b', NEXT],
    ['{\n  "level": 50,\n  "req": {\n    "a": "}"\n  }\n}', '{\n  "level": 30\n}', 'next'],
    ['{"level": 50,\n "b": [1,\n2]\n}'.replace('\n2]', '\n 2]'), 'next'],
    ['{"level":50,"msg":"x"}', '{"level":50,"msg":"y"}'],
    ['{', 'so it began', '}'],
    // Rules below an exception, or between sections, belong to nothing.
    ['ValueError: bad', '='.repeat(60), 'next', NEXT],
    ['2026-11-20 10:00:00 WARNING slow', '----- epoch 2 -----', NEXT],
    ['='.repeat(42), 'Test A', '='.repeat(42), 'it failed', '='.repeat(42), 'Test B', '='.repeat(42)],
    ['[\n  {\n    "a": 1\n  },\n  {\n    "a": 2\n  }\n]', 'next'],
    [
      '/x/launch.py:180: FutureWarning: The module is deprecated\nand will be removed. Use torchrun.\n\n  warnings.warn(',
      'next',
    ],
    ['/x/a.py:1: UserWarning: no source', 'step 1', 'step 2', '  indented'],
    [
      '# Time: 261130 20:38:37\n# User@Host: root[root] @ localhost []\n# Query_time: 0.3\nSET timestamp=1796067517;\nselect count(*),\n  max(a.t)\nfrom o;',
      '# User@Host: root[root] @ localhost []\n# Query_time: 0.2\nselect sleep(0.2);',
      NEXT,
    ],
  ],
};

/** Prefixes of writers as they stand before lines. */
export const PREFIXES = [
  '[rank3]: ',
  '[default3]:',
  '12: ',
  ' 3: ',
  '(RayTrainWorker pid=616, ip=10.8.1.5) ',
  '[1,3]<stderr>:',
  'web-1  | ',
  `${ESC}[36m(A pid=1)${ESC}[0m `,
];
