/** Russian. A sentence missing here is a type error. */
import type { Catalog } from '../catalog';
import { admin } from './admin';
import { control } from './control';
import * as core from './core';
import { customer } from './customer';
import { room } from './room';
import { signIn } from './signIn';
import { timeline } from './timeline';
import { work } from './work';

export const ru = { ...core, signIn, customer, work, control, room, timeline, admin } satisfies Catalog;
