/** What every part of the product says, in Russian. */
export const product = 'Dispatch Hub';
export { common } from './common';
export { link } from './link';
export { bookingStatus, duty, jobStatus, refusal, rejection } from './terms';
