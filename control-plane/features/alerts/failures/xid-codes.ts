/** The meaning of a driver's error number, and what to do. */
export interface XidMeaning {
  readonly meaning: string;
  readonly action: string;
  /** True where the GPU, or the link, must not be used before that is done. */
  readonly critical: boolean;
}

const APPLICATION = 'look at the application; with several applications on one GPU, test the GPU';
const RESET = 'drain the node and reset the GPU';
const REPLACE = 'drain the node, reset the GPU; replace it if this comes again';

function xid(meaning: string, action: string, critical: boolean): XidMeaning {
  return { meaning, action, critical };
}

/** NVIDIA's Xid numbers that a fleet sees, by its public documentation. */
export const XID_CODES: Readonly<Record<number, XidMeaning>> = {
  8: xid('GPU stopped processing: a channel timed out', APPLICATION, false),
  13: xid('graphics engine exception: an illegal instruction or address of the program', APPLICATION, false),
  31: xid('memory page fault: the program touched an address that is not mapped', APPLICATION, false),
  32: xid('invalid or corrupted push buffer stream', `check PCIe; ${APPLICATION}`, false),
  38: xid('driver firmware error', RESET, false),
  43: xid('GPU stopped processing: the program hit an error of its own', APPLICATION, false),
  45: xid(
    'preemptive cleanup after an earlier error, or the program was killed',
    'look for the error before it',
    false,
  ),
  46: xid('GPU stopped processing', RESET, true),
  48: xid('double bit ECC error: memory that cannot be corrected', REPLACE, true),
  54: xid('auxiliary power is not connected', 'check the power cables of the GPU', true),
  61: xid('internal microcontroller breakpoint', RESET, true),
  62: xid('internal microcontroller halt', RESET, true),
  63: xid(
    'ECC page retired or row remapped',
    'reset the GPU when its jobs have ended, so that the remapping is active',
    false,
  ),
  64: xid('ECC page retirement or row remapper failure', REPLACE, true),
  66: xid('illegal access by the driver', APPLICATION, false),
  68: xid('video processor exception', APPLICATION, false),
  69: xid('graphics engine class error', APPLICATION, false),
  74: xid('NVLink error', 'drain the node; check links and NVSwitch, reset the GPUs of the link', true),
  79: xid(
    'GPU has fallen off the bus: it cannot be reached over PCIe',
    'drain the node, power-cycle it; check power, cooling and seating',
    true,
  ),
  92: xid('high rate of single bit ECC errors', 'run diagnostics; replace the GPU if this goes on', false),
  94: xid(
    'contained ECC error: only the program that touched it is lost',
    'restart the program; reset the GPU when its jobs have ended',
    true,
  ),
  95: xid('uncontained ECC error: every program on the GPU is in doubt', REPLACE, true),
  109: xid('context switch timeout', RESET, false),
  110: xid('security fault', 'power-cycle the node', true),
  119: xid('GSP firmware did not answer in time', RESET, true),
  120: xid('GSP firmware error', RESET, true),
  121: xid('corrected error on the chip-to-chip link', 'reset the GPU when its jobs have ended', false),
  136: xid('link training failed', 'drain the node; check cables and switches', true),
  137: xid('NVLink fault on the peer GPU or a privilege error', APPLICATION, false),
  140: xid('ECC error that is not recovered', REPLACE, true),
  143: xid('GPU could not be initialised', 'power-cycle the node', true),
  144: xid('NVLink: SAW error', RESET, true),
  145: xid('NVLink: RLW error', RESET, true),
  146: xid('NVLink: TLW error', RESET, true),
  147: xid('NVLink: TREX error', RESET, true),
  148: xid('NVLink: NVLPW error', RESET, true),
  149: xid('NVLink: NETIR error', RESET, true),
  150: xid('NVLink: MSE error', RESET, true),
  154: xid('the GPU asks for a recovery action, which the line names', 'do what the line says', true),
  155: xid('NVLink: software defined error', RESET, true),
  156: xid('resource retirement event', 'reset the GPU when its jobs have ended', false),
  157: xid('resource retirement failed', REPLACE, true),
  158: xid('fatal GPU timeout', 'power-cycle the node', true),
};

/** NVSwitch's numbers. */
export const SXID_CODES: Readonly<Record<number, string>> = {
  10001: 'host request error',
  10002: 'host request bus timeout',
  10003: 'host request error',
  11001: 'ingress port: invalid command or access',
  11004: 'ingress port: invalid access control list or routing',
  12001: 'egress port: crossbar overflow',
  12021: 'egress port: ECC error limit',
  12028: 'egress port: non-posted request without a grant',
  14017: 'routing: ECC error limit',
  15008: 'NVLink access denied by a security check',
  19047: 'NVLink: replay errors over the threshold',
  19049: 'NVLink: receive short error rate over the threshold',
  19084: 'NVLink: the other end sends no heartbeat',
  20001: 'NVLink: transmit replay',
  20009: 'NVLink: receive short error rate',
  20012: 'NVLink: lane error',
  20034: 'NVLink: link fault, the link went down',
  22003: 'crossbar: connection reset',
  22013: 'NVSwitch internal error',
  24001: 'NVSwitch port fault',
  28002: 'NVSwitch thermal event',
};

export function isCriticalXid(code: number): boolean {
  return XID_CODES[code]?.critical ?? false;
}
