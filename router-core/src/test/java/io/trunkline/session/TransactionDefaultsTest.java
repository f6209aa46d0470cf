// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.backend.Settings;
import org.junit.jupiter.api.Test;

class TransactionDefaultsTest {

    @Test
    void saysNothingWithoutSettings() {
        assertThat(TransactionDefaults.of(Settings.NONE)).isEqualTo(new TransactionDefaults(false, false));
    }

    @Test
    void readsTheIsolationAStartupPacketOrSetNames() {
        Settings startup = Settings.NONE.with(
                "default_transaction_isolation",
                SessionSettings.startupCommand("default_transaction_isolation", "serializable"));
        Settings set = Settings.NONE.with(
                "default_transaction_isolation",
                SessionSettings.setCommand("default_transaction_isolation", "'repeatable read'"));

        assertThat(TransactionDefaults.of(startup).serializable()).isTrue();
        assertThat(TransactionDefaults.of(set).serializable()).isFalse();
    }

    @Test
    void readsWhetherTransactionsAreReadOnly() {
        Settings on = Settings.NONE.with(
                "default_transaction_read_only", SessionSettings.setCommand("default_transaction_read_only", "on"));
        Settings off = Settings.NONE.with(
                "default_transaction_read_only", SessionSettings.setCommand("default_transaction_read_only", "off"));

        assertThat(TransactionDefaults.of(on).readOnly()).isTrue();
        assertThat(TransactionDefaults.of(off).readOnly()).isFalse();
    }
}
