/** Russian. A sentence missing here is a type error. */
import type { Catalog } from '..';
import { common } from './common';
import { control } from './control';
import { customer } from './customer';
import { link } from './link';
import { signIn } from './signIn';
import { bookingStatus, duty, jobStatus, refusal, rejection } from './terms';
import { work } from './work';

export const ru = {
  product: 'Dispatch Hub',
  jobStatus,
  bookingStatus,
  duty,
  rejection,
  refusal,
  common,
  link,
  signIn,
  customer,
  work,
  control,
} satisfies Catalog;
