// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.admin;

/** What answers for one path of the endpoint; called on the thread {@code admin}. */
@FunctionalInterface
public interface AdminSource {
    /** Returns the page as it is now, for GET and HEAD; nothing lies below it. */
    AdminPage get(AdminRequest request);

    /** Does what POST asks for, on the page or below it. */
    default AdminPage post(AdminRequest request) {
        return AdminPage.problem(405, "only GET and HEAD\n");
    }
}
