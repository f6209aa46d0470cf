// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import java.util.List;

/**
 * Which keys the rows a statement touches can have, for one sharded table or for several joined by their keys.
 *
 * <p>A condition may allow more than the statement does, never less.
 */
public sealed interface KeyCondition {

    /** Returns the distribution whose shards are meant. */
    String distribution();

    /** The key equals the operand. */
    record Equal(String distribution, KeyOperand operand) implements KeyCondition {}

    /** The key equals one of the operands. */
    record InList(String distribution, List<KeyOperand> operands) implements KeyCondition {
        public InList {
            operands = List.copyOf(operands);
        }
    }

    /** The key equals one element of the operand, an array. */
    record AnyOf(String distribution, KeyOperand array) implements KeyCondition {}

    /** All parts hold, so the key is in the intersection. */
    record And(String distribution, List<KeyCondition> parts) implements KeyCondition {
        public And {
            parts = List.copyOf(parts);
        }
    }

    /** One of the parts holds, so the key is in the union. */
    record Or(String distribution, List<KeyCondition> parts) implements KeyCondition {
        public Or {
            parts = List.copyOf(parts);
        }
    }

    /** No key decides: the table is in a schema that is whole on a shard. */
    record OnShard(int shard) implements KeyCondition {
        /** Belongs to no distribution. */
        @Override
        public String distribution() {
            return "";
        }
    }

    /** Nothing is known: every shard may have rows. */
    record Everything(String distribution) implements KeyCondition {}
}
