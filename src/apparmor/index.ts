export * from './operator';
export { literalPath } from './path';
export * from './profile';
export * from './ready';
export { renderAppArmorProfile } from './render';
