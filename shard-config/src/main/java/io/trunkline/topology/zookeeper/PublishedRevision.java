// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology.zookeeper;

import java.time.Instant;

/**
 * One entry of the history.
 *
 * @param revision the document's revision
 * @param publishedAt when, by ZooKeeper's clock
 * @param documentBytes size of the document
 */
public record PublishedRevision(long revision, Instant publishedAt, int documentBytes) {}
