/** What every part of the product says. Each name here is a key of the catalog. */
export const product = 'Dispatch Hub';
export { common } from './common';
export { link } from './link';
export { bookingStatus, duty, jobStatus, refusal, rejection } from './terms';
