export { findDrift, type DriftChange, type DriftFinding, type DriftInput } from './drift';
export type { Change } from './managed-fields';
export { proveLive, type LiveCounterExample, type LiveProof } from './proof';
