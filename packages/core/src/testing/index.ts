export {
  createTestCoordinator,
  type TestCoordinator,
  type TestCoordinatorOptions,
} from './create-test-coordinator.js'
