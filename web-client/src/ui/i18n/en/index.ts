/** English: the source of every sentence on the screens. Pages load of this what they need: `../load.ts`. */
import { admin } from './admin';
import { control } from './control';
import * as core from './core';
import { customer } from './customer';
import { room } from './room';
import { signIn } from './signIn';
import { timeline } from './timeline';
import { work } from './work';

export const en = { ...core, signIn, customer, work, control, room, timeline, admin };
