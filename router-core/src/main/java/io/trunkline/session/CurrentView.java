// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

/**
 * The view of one cluster that is in force on one event loop; its sessions look it up here with every message.
 *
 * <p>Belongs to a {@link Worker}; confined to its event loop.
 */
final class CurrentView {
    private ClusterView view;

    CurrentView(ClusterView view) {
        this.view = view;
    }

    ClusterView get() {
        return view;
    }

    void replace(ClusterView next) {
        view = next;
    }
}
