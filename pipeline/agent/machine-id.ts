export const MACHINE_ID_FORM =
  '1 to 256 visible characters that begin with a letter or digit (one "/" may stand before it), without a blank at the end, ' +
  '"." and ".." between slashes, and "${"';

/** Control, format and bidirectional characters, others that take no room, and every blank except the plain one. */
const UNSEEN = /[\p{C}\p{Default_Ignorable_Code_Point}]|(?! )\p{Z}/u;

/**
 * Whether a text can be the id of a machine: a host name, or the name of a container or an instance as clouds give it
 * (`arn:aws:ec2:…:instance/i-0a1b`, `/subscriptions/…/virtualMachines/vm1`). An operator tells machines apart by their ids, so no
 * two ids look the same because of what cannot be seen. Records may name any machine all the same.
 */
export function isMachineId(text: string): boolean {
  return (
    /^\/?[\p{L}\p{N}].{0,255}$/u.test(text) &&
    [...text].length <= 256 &&
    !UNSEEN.test(text) &&
    !text.endsWith(' ') &&
    !text.includes('${') &&
    !text.split('/').some((part) => part === '.' || part === '..')
  );
}
