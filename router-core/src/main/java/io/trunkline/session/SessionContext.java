// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.trunkline.backend.BackendConnection;
import io.trunkline.backend.ExpectedReplies.Kind;
import io.trunkline.backend.ReplyEffect;
import io.trunkline.backend.Settings;
import io.trunkline.health.NodeStatus;
import io.trunkline.metrics.RouteMetrics;
import io.trunkline.pool.Lease;
import io.trunkline.pool.ShardPool;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.relay.Relay;
import io.trunkline.routing.ReadPolicy;
import io.trunkline.routing.Reason;
import io.trunkline.routing.RoleNeed;
import io.trunkline.routing.RolePreference;
import io.trunkline.routing.SessionRouting;
import io.trunkline.routing.Target;
import io.trunkline.routing.Targets;
import io.trunkline.routing.TransactionScope;
import io.trunkline.session.SessionIdentity.PoolMode;
import io.trunkline.sql.Access;
import io.trunkline.sql.AnalyzedQuery;
import io.trunkline.sql.SessionCommand;
import io.trunkline.sql.SessionEffect;
import io.trunkline.sql.StatementKind;
import io.trunkline.sql.StatementShape;
import io.trunkline.sql.TransactionMode;
import io.trunkline.wire.CommandTag;
import io.trunkline.wire.FrontendTag;
import io.trunkline.wire.TransactionStatus;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one session's requests are placed by, and what they left behind: its routing, portals, pins, and whether a commit is in doubt.
 *
 * <p>Belongs to its {@link Session}, which tells it of every step.
 */
final class SessionContext {
    private static final Target.At PRIMARY_OF_ANY =
            new Target.At(Target.ANY_SHARD, RoleNeed.PRIMARY, Reason.SESSION, Reason.WRITE);
    private static final Target.At PRIMARY_OF_ONE =
            new Target.At(0, RoleNeed.PRIMARY, Reason.SINGLE_SHARD, Reason.POLICY);

    private final Session session;
    private final Worker worker;
    private SessionRouting routing;
    private final Set<SessionEffect> pins = EnumSet.noneOf(SessionEffect.class);
    private @Nullable Map<String, PreparedStatement> portals;
    private @Nullable PreparedStatement unnamedPortal;
    private int shard;
    private @Nullable RoleNeed placedRole;
    private boolean dirty;
    private boolean wrote;
    /** A write was sent outside a transaction block, and what was sent has not been answered to the end. */
    private boolean loneWriteSent;

    private boolean commitSent;
    /** A BEGIN was sent whose ReadyForQuery has not come: a transaction is open although the last status says otherwise. */
    private boolean beginSent;

    /** An Execute was sent and no Sync since. */
    private boolean executedInGroup;
    /** A statement that may change the settings has been read and its reply has not come: what is read now is read under the old ones. */
    private boolean settingsPending;

    private long groupStartNanos;
    private int queries;
    private Route lastRoute = Route.NONE;
    private @Nullable Settings readSettings;
    private List<String> searchPath = List.of("$user", "public");
    private String searchPathText = "";
    private String statementContext = "";

    /** Where the last batch went, for SHOW trunkline.route. */
    record Route(String shard, String role, String node, Reason shardReason, Reason roleReason) {
        static final Route NONE = new Route("", "", "", Reason.SESSION, Reason.SESSION);
    }

    SessionContext(Session session) {
        this.session = session;
        this.worker = session.worker;
        this.routing = SessionRouting.fresh(session.identity.readPolicy());
    }

    ClusterView view() {
        return worker.view(session.identity.cluster());
    }

    Session session() {
        return session;
    }

    SessionRouting routing() {
        refreshSettings();
        if (routing.recentWrite().untilNanos() != 0) {
            routing = routing.withRecentWrite(
                    routing.recentWrite().untilNanos(), worker.clock().nanoTime());
            if (!routing.isAfterWrite()) {
                routing = routing.withRecentWrite(0, 0);
            }
        }
        return routing;
    }

    void routing(SessionRouting newRouting) {
        routing = newRouting;
    }

    Route lastRoute() {
        return lastRoute;
    }

    // where requests go

    /** Returns true when every statement of this session goes to the one primary, whatever it says. */
    boolean isFixed(ClusterView view) {
        return !view.isSharded()
                && (routing.policy() == ReadPolicy.PRIMARY && routing.wishes().role() == RolePreference.AUTO
                        || session.identity.poolMode() == PoolMode.SESSION);
    }

    /** Returns the target of a fixed session. */
    Target fixedTarget() {
        return PRIMARY_OF_ONE;
    }

    /** Returns the target of requests so far together with one more; null while none of them cares. */
    @Nullable
    Target combine(@Nullable Target target, Request request) {
        Target more = request.target;
        if (more == null) {
            return target;
        }
        return target == null || target == more ? more : Targets.combine(view().table(), target, more);
    }

    /** Returns the target a batch is dispatched with; {@code complete} is false when more of the group may follow. */
    Target settle(@Nullable Target target, boolean complete) {
        if (!(target instanceof Target.At at)) {
            return target == null ? PRIMARY_OF_ANY : target;
        }
        // What follows may write, and the group cannot move then.
        return complete || !at.role().allowsReplica()
                ? at
                : new Target.At(at.shard(), RoleNeed.PRIMARY, at.shardReason(), Reason.IN_TRANSACTION);
    }

    void placing(Target.At at) {
        int shardCount = view().table().shardCount();
        shard = Math.min(at.shardOr(shard), shardCount - 1);
        lastRoute = new Route(view().table().shardName(shard), "", "", at.shardReason(), at.roleReason());
    }

    int shard() {
        return shard;
    }

    ShardPool.Role poolRole(Target.At at) {
        return switch (at.role()) {
            case ANY, PRIMARY -> ShardPool.Role.PRIMARY;
            case REPLICA_ALLOWED -> ShardPool.Role.PREFER_REPLICA;
            case REPLICA -> ShardPool.Role.REPLICA;
        };
    }

    void placed(Lease lease) {
        RoleNeed role = lease.node().state() == NodeStatus.State.PRIMARY ? RoleNeed.PRIMARY : RoleNeed.REPLICA;
        placedRole = role;
        if (!isFixed(view())) {
            routing = routing.placedOn(shard, role);
        }
        lastRoute = new Route(
                lastRoute.shard,
                role.name().toLowerCase(Locale.ROOT),
                lease.backend().target().node(),
                lastRoute.shardReason,
                lastRoute.roleReason);
        groupStartNanos = worker.clock().nanoTime();
    }

    void released() {
        placedRole = null;
        commitSent = false;
        loneWriteSent = false;
        beginSent = false;
        settingsPending = false;
        executedInGroup = false;
        clearPortals();
        if (routing.isPlaced() || routing.transaction().scope() != TransactionScope.NONE) {
            routing = routing.begin(TransactionScope.NONE);
            // The isolation of the transaction goes with it.
            readSettings = null;
        }
    }

    /** Returns true when a request may be sent while earlier ones are unanswered, because it could not go anywhere else. */
    boolean mayPipeline() {
        if (settingsPending) {
            // How the next text is to be read, and what its transaction's end takes back, is only known then.
            return false;
        }
        return placedRole == RoleNeed.PRIMARY && !view().isSharded() || isPinned();
    }

    /** A statement was read that changes the settings when it completes. */
    void settingsPending() {
        settingsPending = true;
    }

    /** Returns true when the end of the transaction takes settings back or keeps them for good, or may do so. */
    boolean isSettingsInFlux() {
        return settingsPending || session.settings.isInFlux();
    }

    /** Returns the search path by which unqualified tables are found. */
    List<String> searchPath() {
        refreshSettings();
        return searchPath;
    }

    /** Returns what a statement's text was parsed under: two sessions share a prepared statement only when it is equal. */
    String statementContext() {
        refreshSettings();
        return statementContext;
    }

    /** Returns the search path as one string, for cache keys. */
    String searchPathText() {
        refreshSettings();
        return searchPathText;
    }

    /** A BEGIN was answered here: statements are placed as part of its transaction from now on. */
    void begun(TransactionMode mode) {
        boolean readOnly = mode.readOnly() == TransactionMode.Choice.YES
                || mode.readOnly() == TransactionMode.Choice.UNSAID
                        && TransactionDefaults.of(session.settings.current()).readOnly();
        routing = routing.begin(readOnly ? TransactionScope.READ_ONLY : TransactionScope.READ_WRITE);
        if (mode.serializable() != TransactionMode.Choice.UNSAID) {
            routing = routing.withSerializable(mode.serializable() == TransactionMode.Choice.YES);
        }
    }

    /** Takes over what the settings in force mean for routing. */
    private void refreshSettings() {
        Settings current = session.settings.current();
        if (current != readSettings) {
            readSettings = current;
            statementContext = session.identity.cluster()
                    + '/'
                    + session.identity.backendDatabase()
                    + ';'
                    + current.statementContext();
            TransactionDefaults defaults = TransactionDefaults.of(current);
            routing = routing.withSerializable(defaults.serializable()).withReadOnlyByDefault(defaults.readOnly());
            searchPath = SearchPath.of(current.get("search_path"), session.identity.backendUser());
            searchPathText = String.join(",", searchPath);
        }
    }

    // portals

    void portal(String name, PreparedStatement statement) {
        if (name.isEmpty()) {
            unnamedPortal = statement;
        } else {
            if (portals == null) {
                portals = new HashMap<>();
            }
            portals.put(name, statement);
        }
    }

    @Nullable
    PreparedStatement portal(String name) {
        if (name.isEmpty()) {
            return unnamedPortal;
        }
        return portals == null ? null : portals.get(name);
    }

    private boolean hasPortals() {
        return unnamedPortal != null || portals != null;
    }

    private void clearPortals() {
        unnamedPortal = null;
        portals = null;
    }

    // what requests leave behind

    void sending(Request request) {
        AnalyzedQuery analysis = request.analysis;
        noteMixedProtocols(request.tag);
        switch (request.tag) {
            case FrontendTag.QUERY, FrontendTag.EXECUTE -> {
                queries++;
                if (analysis == null || !analysis.shape().trusted()) {
                    // Unread text may change settings too: nothing of it may reach the next session.
                    noteWrite();
                    dirty = true;
                } else {
                    List<StatementShape> statements = analysis.shape().statements();
                    for (int i = 0; i < statements.size(); i++) {
                        note(statements.get(i));
                    }
                }
            }
            case FrontendTag.FUNCTION_CALL -> noteWrite();
            default -> {
                // Parse, Bind, Describe, Close and Sync change nothing by themselves
            }
        }
    }

    /**
     * Notes a Query or FunctionCall behind an Execute that no Sync has ended.
     *
     * <p>PostgreSQL 18 then leaves a transaction open behind ReadyForQuery I, fails the next statement with XX000 and rolls back what came before
     * it: that must hit a reset of the backend and no other session's statement.
     */
    private void noteMixedProtocols(byte tag) {
        switch (tag) {
            case FrontendTag.EXECUTE -> executedInGroup = true;
            case FrontendTag.SYNC -> executedInGroup = false;
            case FrontendTag.QUERY, FrontendTag.FUNCTION_CALL -> dirty |= executedInGroup;
            default -> {
                // Parse, Bind, Describe and Close begin nothing that a Query could find
            }
        }
    }

    private void note(StatementShape statement) {
        if (statement.access() == Access.WRITE) {
            noteWrite();
        }
        switch (statement.kind()) {
            case BEGIN -> beginSent = true;
            case COMMIT, COMMIT_AND_CHAIN, COMMIT_PREPARED, PREPARE_TRANSACTION -> commitSent = true;
            default -> {
                // ends nothing
            }
        }
        for (SessionEffect effect : statement.effects()) {
            if (effect.pinsSession()) {
                pin(effect);
            } else if (effect.dirtiesBackend()) {
                dirty = true;
            }
        }
    }

    private void noteWrite() {
        wrote = true;
        loneWriteSent |= !isInTransaction(backend().status());
    }

    private void pin(SessionEffect effect) {
        if (pins.add(effect)) {
            worker.metrics().pinned(effect.name().toLowerCase(Locale.ROOT));
        }
    }

    /** A statement that concerns the session completed. */
    void completed(StatementKind kind, @Nullable SessionCommand command, String text, ByteBuf buffer, int index) {
        SessionSettings settings = session.settings;
        // What the backend carries now; after a RESET that is not what the session wants.
        Settings carried = backend().settings();
        switch (kind) {
            case SET, SET_ROLE, SET_SESSION_AUTHORIZATION, RESET -> carried = settingCompleted(carried, command, text);
            case SET_SESSION_CHARACTERISTICS -> {
                settings.addCharacteristics(text);
                carried = carried.with(
                        SessionSettings.CHARACTERISTICS,
                        Objects.requireNonNull(settings.current().get(SessionSettings.CHARACTERISTICS)));
            }
            case SAVEPOINT -> {
                if (command instanceof SessionCommand.Savepoint savepoint) {
                    settings.savepoint(savepoint.name());
                }
            }
            case RELEASE_SAVEPOINT -> {
                if (command instanceof SessionCommand.Release release) {
                    settings.release(release.name());
                }
            }
            case ROLLBACK_TO_SAVEPOINT -> {
                if (command instanceof SessionCommand.RollbackTo rollback) {
                    settings.rollbackTo(rollback.name());
                    carried = settings.current();
                }
            }
            case COMMIT, COMMIT_AND_CHAIN, PREPARE_TRANSACTION -> {
                int available = buffer.getInt(index + 1) + 1;
                if (CommandTag.matches(buffer, index, available, "ROLLBACK")) {
                    settings.rollback();
                    carried = settings.current();
                } else {
                    settings.commit();
                }
            }
            case ROLLBACK, ROLLBACK_AND_CHAIN -> {
                settings.rollback();
                carried = settings.current();
            }
            case DISCARD -> {
                if (command instanceof SessionCommand.Discard discard
                        && discard.what() == SessionCommand.Discarded.ALL) {
                    discarded();
                    carried = Settings.NONE;
                }
            }
            case DEALLOCATE -> {
                if (command instanceof SessionCommand.Deallocate deallocate && deallocate.name() == null) {
                    session.statements.forgetNamed();
                    backend().statements().clear();
                }
            }
            default -> {
                // only its pins matter
            }
        }
        backend().noteSettings(carried);
    }

    /** Returns what the backend carries after the command. */
    private Settings settingCompleted(Settings carried, @Nullable SessionCommand command, String text) {
        SessionSettings settings = session.settings;
        if (command instanceof SessionCommand.Set set) {
            if (set.mayReachTemporarySchema()) {
                // What is created from now on may be temporary, whatever its statement looks like.
                pin(SessionEffect.TEMP_TABLE);
            }
            if (set.scope() == SessionCommand.Scope.SESSION) {
                settings.set(set.name(), text);
                return carried.with(set.name(), text);
            }
            return carried;
        }
        if (command instanceof SessionCommand.Reset reset) {
            if (reset.scope() == SessionCommand.Scope.SESSION) {
                settings.reset(reset.name());
                // The backend is at its own default now, which is not the session's when the startup packet named
                // another.
                return carried.without(reset.name());
            }
        } else if (command instanceof SessionCommand.ResetAll) {
            settings.resetAll();
            Settings identity = Settings.NONE;
            for (String name : List.of(SessionSettings.ROLE, SessionSettings.SESSION_AUTHORIZATION)) {
                String value = carried.get(name);
                identity = value == null ? identity : identity.with(name, value);
            }
            return identity;
        } else {
            // It worked and nobody knows how to say it to another backend, such as SET x FROM CURRENT.
            pin(SessionEffect.SET_CONFIG);
        }
        return carried;
    }

    /** The router's own statement has given the backend what the session asked for at startup. */
    void startupRestored() {
        backend().noteSettings(session.settings.current());
    }

    /** Runs a query that restores what DISCARD ALL has reset before the answer to it ends. */
    void continueAnswer(String sql) {
        Relay relay = session.state().relay();
        if (relay != null) {
            relay.continueAnswer(sql.getBytes(StandardCharsets.UTF_8), new RestoringEffect());
        }
    }

    /** Makes an effect of the query that restores what the client asked for at startup. */
    ReplyEffect restoring() {
        return new RestoringEffect();
    }

    private final class RestoringEffect extends ReplyEffect {
        @Override
        public void onConfirmed() {
            startupRestored();
        }
    }

    private void discarded() {
        session.settings.discardAll();
        session.statements.clear();
        backend().statements().clear();
        unpin();
        dirty = false;
    }

    private BackendConnection backend() {
        Relay relay = session.state().relay();
        if (relay == null) {
            throw new IllegalStateException("a reply without a relay");
        }
        return relay.backend();
    }

    /** A BEGIN that was answered here leads what is being sent. */
    void beginSent() {
        beginSent = true;
    }

    void onReadyForQuery(TransactionStatus status, boolean failed) {
        beginSent = false;
        if (status != TransactionStatus.IDLE) {
            return;
        }
        worker.routeMetrics(session.identity.cluster(), lastRoute).transaction();
        if (session.settings.isInFlux()) {
            if (failed) {
                session.settings.rollback();
                backend().noteSettings(session.settings.current());
            } else {
                session.settings.commit();
            }
        }
        if (wrote) {
            wrote = false;
            if (routing.policy() != ReadPolicy.PRIMARY) {
                long now = worker.clock().nanoTime();
                routing = routing.withRecentWrite(now + session.identity.readAfterWriteNanos(), now);
            }
        }
        // A Bind that is still to be answered belongs to a later group: its portal lives.
        if (hasPortals() && !backend().expected().owes(Kind.BIND)) {
            clearPortals();
        }
    }

    void onQuiet() {
        commitSent = false;
        loneWriteSent = false;
        settingsPending = false;
        RouteMetrics metrics = worker.routeMetrics(session.identity.cluster(), lastRoute);
        metrics.statement(worker.clock().nanoTime() - groupStartNanos);
        if (queries > 0) {
            metrics.queries(queries);
            queries = 0;
        }
        groupStartNanos = worker.clock().nanoTime();
    }

    /**
     * Returns true when what is in flight may have been committed although its reply was lost.
     *
     * @param groupsEnded whether something in flight has been ended by a Sync or is a Query, and so commits by itself
     */
    boolean isCommitInDoubt(boolean groupsEnded) {
        return commitSent || loneWriteSent && groupsEnded;
    }

    /** Returns true when a transaction block is open, or was about to be. */
    boolean isInTransaction(TransactionStatus status) {
        return beginSent || status != TransactionStatus.IDLE;
    }

    /** Returns true when the session must keep its backend although no transaction is open. */
    boolean isPinned() {
        return !pins.isEmpty() || session.identity.poolMode() == PoolMode.SESSION;
    }

    /** Returns true when the backend carries state of the session that no other backend can be given. */
    boolean hasState() {
        return !pins.isEmpty();
    }

    /** Returns true when the client's encoding lets a text be read byte by byte. */
    boolean isTextReadable() {
        return switch (clientEncoding()) {
            case "SJIS", "BIG5", "GBK", "GB18030", "UHC", "JOHAB", "SHIFT_JIS_2004" -> false;
            default -> true;
        };
    }

    boolean isUtf8() {
        String encoding = clientEncoding();
        return encoding.equals("UTF8") || encoding.equals("SQL_ASCII");
    }

    private String clientEncoding() {
        String encoding = session.told().get("client_encoding");
        return encoding == null ? "UTF8" : encoding;
    }

    boolean standardConformingStrings() {
        return !"off".equals(session.told().get("standard_conforming_strings"));
    }

    boolean isPinnedBy(SessionEffect effect) {
        return pins.contains(effect);
    }

    /** Returns true, once, when the backend must be reset before the next session gets it. */
    boolean takeDirt() {
        boolean was = dirty;
        dirty = false;
        return was;
    }

    private void unpin() {
        for (SessionEffect effect : pins) {
            worker.metrics().unpinned(effect.name().toLowerCase(Locale.ROOT));
        }
        pins.clear();
    }

    void ended() {
        unpin();
        clearPortals();
    }
}
