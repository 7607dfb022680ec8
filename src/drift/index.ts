export { findDrift, type DriftChange, type DriftFinding, type DriftInput } from './drift';
export type { Change as DriftWriter } from './managed-fields';
export { proveLive, type LiveCounterExample, type LiveProof } from './proof';
export { driftEvent, type DriftEvent, type DriftReason } from './event';
export { driftMetrics, type DriftRun } from './metrics';
export { driftJunit, driftText, type DriftReport } from './report';
export { rightsToCompare, type DriftRight, type NamedObject } from './rights';
