// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.doctor;

import io.trunkline.backend.BackendConnector;
import io.trunkline.backend.BackendTarget;
import io.trunkline.server.doctor.Finding.Severity;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.Node;
import io.trunkline.topology.Topology;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;

/**
 * Asks all nodes of a topology, {@link #AT_A_TIME_MAX} of them at a time, and has their answers compared: so those that are silent are waited for together.
 * Blocks its caller's thread.
 */
public final class Doctor {
    /** How many are asked at the same time. */
    static final int AT_A_TIME_MAX = 32;

    private final BackendConnector connector;
    private final Executor loop;
    private final String user;
    private final Duration answerLimit;

    /**
     * Makes one.
     *
     * @param connector opens connections on {@code loop}
     * @param user as whom nodes are asked
     * @param answerLimit how long each answer may take
     */
    public Doctor(BackendConnector connector, Executor loop, String user, Duration answerLimit) {
        this.connector = connector;
        this.loop = loop;
        this.user = user;
        this.answerLimit = answerLimit;
    }

    /**
     * What was found.
     *
     * @param asked how many databases on nodes were asked
     * @param lines one for each finding, the errors first
     * @param errors how many of them are errors
     */
    public record Report(int asked, List<String> lines, int errors) {
        public Report {
            lines = List.copyOf(lines);
        }

        /** Returns one line for each finding: {@code error main/shard0/db1 app: unreachable: 08001: ...}. */
        public List<String> findings() {
            return lines;
        }

        /** Returns true when one of them is an error. */
        public boolean hasErrors() {
            return errors > 0;
        }

        /** Returns the last line of the report. */
        public String summary() {
            return asked + " asked, " + errors + (errors == 1 ? " error, " : " errors, ") + (lines.size() - errors)
                    + (lines.size() - errors == 1 ? " warning" : " warnings");
        }
    }

    /** Asks and compares. */
    public Report examine(Topology topology) throws InterruptedException {
        Semaphore free = new Semaphore(AT_A_TIME_MAX);
        Map<Place, CompletableFuture<Answer>> asked = new LinkedHashMap<>();
        for (Place place : Checks.places(topology)) {
            free.acquire();
            asked.put(place, ask(topology, place).whenComplete((answer, failure) -> free.release()));
        }
        Map<Place, Answer> answers = new LinkedHashMap<>();
        for (Map.Entry<Place, CompletableFuture<Answer>> one : asked.entrySet()) {
            answers.put(one.getKey(), answer(one.getValue()));
        }
        List<Finding> findings = Checks.findings(topology, answers);
        int errors = (int) findings.stream()
                .filter(finding -> finding.kind().severity() == Severity.ERROR)
                .count();
        return new Report(
                answers.size(), findings.stream().map(Finding::toString).toList(), errors);
    }

    private CompletableFuture<Answer> ask(Topology topology, Place place) {
        Cluster cluster = topology.cluster(place.cluster()).orElseThrow();
        Node node = cluster.shards().get(place.shard()).nodes().stream()
                .filter(one -> one.name().equals(place.node()))
                .findFirst()
                .orElseThrow();
        BackendTarget target =
                new BackendTarget(place.cluster(), node.name(), node.host(), node.port(), place.database(), user);
        return CompletableFuture.supplyAsync(() -> Interview.begin(connector, target, answerLimit), loop)
                .thenCompose(begun -> begun);
    }

    private static Answer answer(CompletableFuture<Answer> asked) throws InterruptedException {
        try {
            return asked.get();
        } catch (java.util.concurrent.ExecutionException | CompletionException e) {
            throw new IllegalStateException("the interview failed", e);
        }
    }
}
