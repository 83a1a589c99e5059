export {
  createTestCoordinator,
  type TestCoordinator,
  type TestCoordinatorOptions,
} from './create-test-coordinator.js'
export { testDriver } from './test-driver.js'
export type { DriverUnderTest } from './conformance/driver-under-test.js'
export type { TestFunction, TestRunner } from './conformance/test-runner.js'
export type { EngineFaults, EngineLink, Remedy } from './conformance/engine-faults.js'
