import type { CaseGroup } from './harness/conformance-case.js'
import { driverCases } from './driver-cases.js'
import { eventDeliveryCases } from './events/event-delivery-cases.js'
import { eventExpiryCases } from './events/event-expiry-cases.js'
import { eventGroupCases } from './events/event-group-cases.js'
import { eventParkingCases } from './events/event-parking-cases.js'
import { eventPositionCases } from './events/event-position-cases.js'
import { eventWaitCases } from './events/event-wait-cases.js'
import {
  clusterEventCases,
  clusterFaultCases,
  clusterLockCases,
} from './faults/cluster-fault-cases.js'
import { driverFaultCases } from './faults/driver-fault-cases.js'
import { eventFaultCases } from './faults/event-fault-cases.js'
import { latestFaultCases } from './faults/latest-fault-cases.js'
import { lockFaultCases } from './faults/lock-fault-cases.js'
import { registryFaultCases } from './faults/registry-fault-cases.js'
import { rpcFaultCases } from './faults/rpc-fault-cases.js'
import { slotFaultCases } from './faults/slot-fault-cases.js'
import { lockAbortCases } from './locks/lock-abort-cases.js'
import { lockGrantCases } from './locks/lock-grant-cases.js'
import { lockInspectionCases } from './locks/lock-inspection-cases.js'
import { lockLatestCases } from './locks/lock-latest-cases.js'
import { lockLossCases } from './locks/lock-loss-cases.js'
import { lockOrderCases } from './locks/lock-order-cases.js'
import { lockSharingCases } from './locks/lock-sharing-cases.js'
import { lockSlotCases } from './locks/lock-slot-cases.js'
import { registryChangeCases } from './registry/registry-change-cases.js'
import { registryRecordCases } from './registry/registry-record-cases.js'
import { rpcConnectionCases } from './rpc/rpc-connection-cases.js'
import { rpcLimitCases } from './rpc/rpc-limit-cases.js'
import { rpcMessageCases } from './rpc/rpc-message-cases.js'

/** The whole suite. */
export const CONFORMANCE_GROUPS: readonly CaseGroup[] = [
  { about: 'driver', cases: [...driverCases, ...driverFaultCases, ...clusterFaultCases] },
  {
    about: 'locks',
    cases: [
      ...lockGrantCases,
      ...lockOrderCases,
      ...lockSharingCases,
      ...lockSlotCases,
      ...lockLatestCases,
      ...lockAbortCases,
      ...lockInspectionCases,
      ...lockLossCases,
      ...lockFaultCases,
      ...slotFaultCases,
      ...latestFaultCases,
      ...clusterLockCases,
    ],
  },
  {
    about: 'events',
    cases: [
      ...eventDeliveryCases,
      ...eventPositionCases,
      ...eventWaitCases,
      ...eventGroupCases,
      ...eventParkingCases,
      ...eventExpiryCases,
      ...eventFaultCases,
      ...clusterEventCases,
    ],
  },
  {
    about: 'registry',
    cases: [...registryRecordCases, ...registryChangeCases, ...registryFaultCases],
  },
  {
    about: 'rpc',
    cases: [...rpcConnectionCases, ...rpcMessageCases, ...rpcLimitCases, ...rpcFaultCases],
  },
]
