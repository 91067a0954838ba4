import kafkajs, { type Broker, type Cluster, type PartitionAssigner } from 'kafkajs';

import { kafkaErrorType } from './kafka-error.js';

/** A way out of a consumer group for a member that kafkajs has forgotten. */
export interface GroupExit {
  /** To be given to the consumer. */
  readonly assigner: PartitionAssigner;
  /**
   * Tells the broker that a member is gone, as soon as one answers. Resolves with false where `givenUp` became true before.
   */
  leave(groupId: string, memberId: string, givenUp: () => boolean): Promise<boolean>;
}

/** The request is there, and kafkajs' types do not say so. */
interface Coordinator extends Broker {
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
}

const AGAIN_AFTER_MS = 250;
/** The broker is there and cannot say it yet. */
const NOT_YET = new Set([
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'LEADER_NOT_AVAILABLE',
]);

/**
 * A consumer of kafkajs that lost its broker joins again as a new member, and cannot leave as the old one while there is
 * nobody to tell. The broker would wait for the old one for a whole session timeout before it gives out partitions.
 */
export function createGroupExit(): GroupExit {
  let cluster: Cluster | undefined;

  async function tryToLeave(groupId: string, memberId: string): Promise<boolean> {
    if (cluster === undefined) return true;
    try {
      await cluster.connect();
      const coordinator = (await cluster.findGroupCoordinator({ groupId })) as Coordinator;
      await coordinator.leaveGroup({ groupId, memberId });
      return true;
    } catch (error) {
      const type = kafkaErrorType(error);
      // Any other answer, e.g. that it knows no such member, is as good: joining will say what is wrong, if anything is.
      return type !== undefined && !NOT_YET.has(type);
    }
  }

  return {
    assigner(config) {
      // Nobody else is given the consumer's own connections.
      cluster = config.cluster;
      return kafkajs.PartitionAssigners.roundRobin(config);
    },
    async leave(groupId, memberId, givenUp) {
      while (!givenUp()) {
        if (await tryToLeave(groupId, memberId)) return true;
        await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
      }
      return false;
    },
  };
}
