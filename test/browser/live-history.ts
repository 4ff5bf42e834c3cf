export const SERVICES = ['vllm', 'client', 'vector-db'];

/** Sixty lines of the last minutes, five seconds apart; every tenth is an error. */
export function history(now: number): object[] {
  return Array.from({ length: 60 }, (_, number) => ({
    timestamp: new Date(now - (60 - number) * 5_000).toISOString(),
    level: number % 10 === 9 ? 'error' : 'info',
    message: number % 10 === 9 ? `request ${number} timed out` : `request ${number} answered`,
    service: SERVICES[number % 3],
    machine_id: `gpu-${number % 2}`,
    file_path: `/var/log/${SERVICES[number % 3]}.log`,
    duration_ms: number * 10,
  }));
}
