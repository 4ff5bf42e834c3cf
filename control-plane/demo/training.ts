import { type DemoEvent, type DemoProgram, pythonTime } from './program.ts';
import type { DemoRandom } from './random.ts';

const RANKS = 4;
const FIRST_JOB = 20942500;
const NODES = ['gpu041', 'gpu042'];

/** SLURM jobs one after the other, each training on four ranks; some end in a failure of one rank. */
export class TrainingJobs implements DemoProgram {
  readonly weight = 4;
  private job = FIRST_JOB;
  private stepOfJob = 0;
  private lastStep = 0;

  step(random: DemoRandom, time: number): DemoEvent[] {
    const step = this.stepOfJob++;
    if (step === 0) return this.begin(random, time);
    if (step >= this.lastStep) return this.end(random, time);
    if (random.chance(0.02)) {
      return [
        this.err(
          `[rank${random.integer(0, RANKS - 1)}]:[W] the data loader waited ${random.decimal(1, 9)} s for a batch`,
        ),
      ];
    }
    const rank = random.integer(0, RANKS - 1);
    const loss = (0.4 + 4 / (1 + step / 20) + random.next() * 0.1).toFixed(4);
    return [
      this.out(
        `${pythonTime(time)} INFO trainer: [rank${rank}] step ${step}/${this.lastStep} loss ${loss} lr 3.0e-04 ` +
          `tokens/s ${random.integer(9000, 12000)} mem ${random.decimal(60, 76)} GiB`,
      ),
    ];
  }

  private begin(random: DemoRandom, time: number): DemoEvent[] {
    this.lastStep = random.integer(60, 200);
    return [
      this.out(
        `${pythonTime(time)} INFO trainer: job ${this.job} on ${NODES.join(',')}, ${RANKS} ranks, world is up`,
      ),
      this.err('NCCL version 2.27.3+cuda12.9'),
    ];
  }

  private end(random: DemoRandom, time: number): DemoEvent[] {
    const events = random.chance(0.5) ? this.fail(random) : this.finish(time);
    this.job++;
    this.stepOfJob = 0;
    return events;
  }

  private finish(time: number): DemoEvent[] {
    const checkpoint = `/scratch/runs/${this.job}/final.pt`;
    return [this.out(`${pythonTime(time)} INFO trainer: done, checkpoint written to ${checkpoint}`)];
  }

  /** Two ranks fail at once, so that the lines of their stacks stand between each other. */
  private fail(random: DemoRandom): DemoEvent[] {
    const stack = [
      'Traceback (most recent call last):',
      '  File "/home/lena/orchard/train.py", line 214, in <module>',
      '    main()',
      '  File "/home/lena/orchard/train.py", line 188, in main',
      '    loss.backward()',
      `torch.OutOfMemoryError: CUDA out of memory. Tried to allocate ${random.decimal(1, 6, 2)} GiB.`,
    ];
    const lines = stack.flatMap((line) => [`[rank1]: ${line}`, `[rank3]: ${line}`]);
    const node = random.pick(NODES);
    return [
      this.err(lines.join('\n')),
      this.err(`srun: error: ${node}: tasks 1,3: Exited with exit code 1`),
      this.err(`slurmstepd: error: *** STEP ${this.job}.0 ON ${node} CANCELLED DUE TO TASK FAILURE ***`),
    ];
  }

  private out(text: string): DemoEvent {
    return { file: `slurm/slurm-${this.job}.out`, text };
  }

  private err(text: string): DemoEvent {
    return { file: `slurm/slurm-${this.job}.err`, text };
  }
}
