// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TargetsTest {
    private static final Target ANYWHERE =
            new Target.At(Target.ANY_SHARD, RoleNeed.ANY, Reason.SESSION, Reason.SESSION);
    private static final Target READ_ON_B = new Target.At(1, RoleNeed.REPLICA_ALLOWED, Reason.KEY, Reason.READ);
    private static final Target WRITE_ON_B = new Target.At(1, RoleNeed.PRIMARY, Reason.KEY, Reason.WRITE);
    private static final Target WRITE_ON_C = new Target.At(2, RoleNeed.PRIMARY, Reason.KEY, Reason.WRITE);
    private static final Target WRITE_ANYWHERE =
            new Target.At(Target.ANY_SHARD, RoleNeed.PRIMARY, Reason.NO_TABLE, Reason.VOLATILE_FUNCTION);

    private final RoutingTable table = Given.customers(3);

    @Test
    void takesTheShardOfTheStatementThatHasOne() {
        assertThat(combine(ANYWHERE, READ_ON_B)).isEqualTo(READ_ON_B);
        assertThat(combine(READ_ON_B, ANYWHERE)).isEqualTo(READ_ON_B);
        assertThat(combine(ANYWHERE, ANYWHERE)).isEqualTo(ANYWHERE);
    }

    @Test
    void letsTheStrongestRoleWinWithItsReason() {
        assertThat(combine(READ_ON_B, WRITE_ANYWHERE, ANYWHERE))
                .isEqualTo(new Target.At(1, RoleNeed.PRIMARY, Reason.KEY, Reason.VOLATILE_FUNCTION));
        assertThat(combine(READ_ON_B, WRITE_ON_B, READ_ON_B)).isEqualTo(WRITE_ON_B);
        assertThat(RoleNeed.REPLICA_ALLOWED.and(RoleNeed.REPLICA)).isEqualTo(RoleNeed.REPLICA);
        assertThat(RoleNeed.REPLICA.and(RoleNeed.PRIMARY)).isEqualTo(RoleNeed.PRIMARY);
    }

    @Test
    void refusesStatementsOfDifferentShards() {
        Target target = combine(READ_ON_B, ANYWHERE, WRITE_ON_C);

        assertThat(target).isInstanceOfSatisfying(Target.Refused.class, refused -> {
            assertThat(refused.code()).isEqualTo("TL0210");
            assertThat(refused.error().response().detail()).contains("b and c");
        });
    }

    @Test
    void passesTheFirstRefusalOnBeforeAskingForTypes() {
        Target refusal = RouteRefusal.UNREADABLE.because("first");
        Target other = RouteRefusal.KEY_NULL.because("second");

        assertThat(combine(READ_ON_B, refusal, other)).isEqualTo(refusal);
        assertThat(combine(Target.NeedsParameterTypes.INSTANCE, refusal)).isEqualTo(refusal);
        assertThat(combine(READ_ON_B, Target.NeedsParameterTypes.INSTANCE, WRITE_ON_B))
                .isEqualTo(Target.NeedsParameterTypes.INSTANCE);
    }

    private Target combine(Target... targets) {
        return Targets.combine(table, List.of(targets));
    }
}
