// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import org.jspecify.annotations.Nullable;

/**
 * As whom the router logs in to nodes.
 *
 * @param role the role's name on the nodes
 * @param password its password; null when the nodes ask for none
 */
public record BackendCredentials(String role, @Nullable Password password) {}
