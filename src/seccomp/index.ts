export { learnSeccompProfile, syscallsIn } from './learn';
export * from './profile';
export { ARCHITECTURES, SYSCALLS, syscallName, syscallNumber, type Architecture } from './syscalls';
