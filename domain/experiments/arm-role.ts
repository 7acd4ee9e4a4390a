/** What an arm is for: to be compared with, or to be tried. */
export type ArmRole = { is_control: boolean; is_baseline: boolean };

/** Whether an arm's requests are at the users' risk. */
export const isCanary = ({ is_control, is_baseline }: ArmRole): boolean =>
  !is_control && !is_baseline;
