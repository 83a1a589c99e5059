export {
  createTestCoordinator,
  type TestCoordinator,
  type TestCoordinatorOptions,
} from './create-test-coordinator.js'
export { createTestClock, type TestClock } from './test-clock.js'
export { testDriver } from './test-driver.js'
export type { DriverUnderTest } from './conformance/harness/driver-under-test.js'
export type { TestFunction, TestRunner } from './conformance/harness/test-runner.js'
export type { ClusterFaults, EngineStage } from './conformance/harness/engine-stage.js'
export type { EngineFaults, EngineLink, Remedy } from './conformance/harness/engine-faults.js'
