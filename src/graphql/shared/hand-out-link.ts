/** Describes the input field `handOutLink` of a mutation that invites a user. */
export const HAND_OUT_LINK =
  'Whether to answer the link of the invitation, too, beside mailing it. It lets you in as the user, and is good as long as the user may and reaches the same as now, and no longer than your API key if that expires.';
