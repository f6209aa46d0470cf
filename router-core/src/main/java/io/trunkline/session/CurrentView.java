// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

/**
 * The view of one cluster that is in force on one event loop; its sessions look it up here with every message.
 *
 * <p>Sessions keep shards by their index in the cluster. So a view in which an index stands for another shard does not replace this one: it is
 * superseded then, and its sessions end at their next transaction boundary.
 *
 * <p>Belongs to a {@link Worker}; confined to its event loop.
 */
final class CurrentView {
    private ClusterView view;
    private boolean superseded;
    private int placing;

    CurrentView(ClusterView view) {
        this.view = view;
    }

    ClusterView get() {
        return view;
    }

    /** Returns true once another view counts the shards otherwise. */
    boolean isSuperseded() {
        return superseded;
    }

    /** Returns a number that becomes another one when statements may belong elsewhere than before. */
    int placing() {
        return placing;
    }

    /** Takes a newer view; returns false, and keeps the one it has, when that counts the shards otherwise. */
    boolean replace(ClusterView next) {
        if (!next.table().placesLike(view.table())) {
            placing++;
        }
        if (!next.table().countsShardsLike(view.table())) {
            superseded = true;
            return false;
        }
        view = next;
        return true;
    }
}
