// SPDX-License-Identifier: Apache-2.0
package io.trunkline.error;

import io.trunkline.error.RouterError.Kind;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.Severity;
import io.trunkline.wire.SqlState;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The catalogue of every error the router itself can send, one factory each, by area.
 *
 * <p>Messages are lower case, concrete and without full stop; details and hints are sentences. Messages PostgreSQL has too are worded as there. No
 * message of a {@code Throwable} gets in here: it could name what a client must not see.
 */
public final class RouterErrors {
    private RouterErrors() {}

    // Protocol

    /** The client's bytes are no message, or not here. */
    public static RouterError protocolViolation(ProtocolViolation violation) {
        return new RouterError(Kind.CLIENT, violation.response());
    }

    /** A backend's bytes are no message, or not here; that backend is closed. */
    public static RouterError backendProtocolViolation(String node, ProtocolViolation violation) {
        return error(
                Kind.BACKEND,
                SqlState.PROTOCOL_VIOLATION,
                "node \"" + node + "\" violated the protocol: " + violation.getMessage());
    }

    /** Bind, Describe or Close of a statement that does not exist. */
    public static RouterError unknownStatement(String name) {
        return error(
                Kind.CLIENT,
                SqlState.INVALID_SQL_STATEMENT_NAME,
                name.isEmpty()
                        ? "unnamed prepared statement does not exist"
                        : "prepared statement \"" + name + "\" does not exist");
    }

    /** Execute of a portal that was made behind a savepoint which has been rolled back to. */
    public static RouterError unknownPortal(String name) {
        return error(Kind.CLIENT, SqlState.INVALID_CURSOR_NAME, "portal \"" + name + "\" does not exist");
    }

    /** DECLARE under a name that is in use. */
    public static RouterError duplicateCursor(String name) {
        return error(Kind.CLIENT, SqlState.DUPLICATE_CURSOR, "cursor \"" + name + "\" already exists");
    }

    /** A portal or cursor is gone on with that has failed. */
    public static RouterError portalCannotRun(String name) {
        return error(Kind.CLIENT, SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE, "portal \"" + name + "\" cannot be run");
    }

    /** A command that means nothing where there is no transaction block. */
    public static RouterError noTransactionBlock(String command) {
        return error(
                Kind.CLIENT, SqlState.NO_ACTIVE_SQL_TRANSACTION, command + " can only be used in transaction blocks");
    }

    /** Parse under a name that is in use. */
    public static RouterError duplicateStatement(String name) {
        return error(
                Kind.CLIENT,
                SqlState.DUPLICATE_PREPARED_STATEMENT,
                "prepared statement \"" + name + "\" already exists");
    }

    /** Bind or Describe of a statement whose table has changed since the client was told its columns. */
    public static RouterError resultTypeChanged() {
        return error(Kind.CLIENT, SqlState.FEATURE_NOT_SUPPORTED, "cached plan must not change result type");
    }

    /** SQL's EXECUTE of a statement that came by Parse, on a sharded cluster: backends know it under another name. */
    public static RouterError preparedByProtocol(String name) {
        return new RouterError(
                Kind.CLIENT,
                ErrorResponse.builder(
                                Severity.ERROR,
                                SqlState.FEATURE_NOT_SUPPORTED,
                                "prepared statement \"" + name + "\" cannot be run by EXECUTE through the router")
                        .detail("It was prepared by a Parse message.")
                        .hint("Run it by Bind and Execute messages, or prepare it by PREPARE.")
                        .build());
    }

    /** A Query that uses a prepared statement by name, sent behind messages of the extended protocol whose Sync is still to come. */
    public static RouterError executedWithinGroup(String name) {
        return new RouterError(
                Kind.CLIENT,
                ErrorResponse.builder(
                                Severity.ERROR,
                                SqlState.FEATURE_NOT_SUPPORTED,
                                "prepared statement \"" + name + "\" cannot be used by a Query in an unfinished group")
                        .detail("The backend does not have the statement, and cannot be given it before Sync.")
                        .hint("Send Sync before the Query.")
                        .build());
    }

    /** A Query that the router answers, sent behind messages of the extended protocol whose Sync is still to come. */
    public static RouterError answeredWithinGroup() {
        return new RouterError(
                Kind.CLIENT,
                ErrorResponse.builder(
                                Severity.ERROR,
                                SqlState.FEATURE_NOT_SUPPORTED,
                                "statement cannot be answered by the router in an unfinished group")
                        .hint("Send Sync before the Query.")
                        .build());
    }

    /** Execute of a portal whose statement is an EXECUTE of a name that was given to another statement since. */
    public static RouterError executedChanged() {
        return error(
                Kind.CLIENT,
                SqlState.INVALID_SQL_STATEMENT_NAME,
                "the prepared statement that the portal executes was deallocated");
    }

    /** A statement whose text would be another one under the settings of today. */
    public static RouterError readOtherwise(String name) {
        return new RouterError(
                Kind.CLIENT,
                ErrorResponse.builder(
                                Severity.ERROR,
                                SqlState.FEATURE_NOT_SUPPORTED,
                                "prepared statement \"" + name + "\" cannot be given to another backend")
                        .detail("It was prepared under another client_encoding or standard_conforming_strings.")
                        .hint("Prepare it again, or set the parameter back.")
                        .build());
    }

    /** A statement in a transaction block that has failed. */
    public static RouterError transactionAborted() {
        return error(
                Kind.CLIENT,
                SqlState.IN_FAILED_SQL_TRANSACTION,
                "current transaction is aborted, commands ignored until end of transaction block");
    }

    // Login

    /** A startup packet without user. */
    public static RouterError noUserName() {
        return fatal(
                Kind.CLIENT,
                SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                "no PostgreSQL user name specified in startup packet");
    }

    /** A wrong password, or an unknown user: the two must look alike. */
    public static RouterError passwordAuthenticationFailed(String user) {
        return fatal(
                Kind.CLIENT, SqlState.INVALID_PASSWORD, "password authentication failed for user \"" + user + "\"");
    }

    /** A database no topology has. */
    public static RouterError unknownDatabase(String database) {
        return fatal(Kind.CLIENT, SqlState.INVALID_CATALOG_NAME, "database \"" + database + "\" does not exist");
    }

    /** A database the user may not enter, whether it exists or not. */
    public static RouterError databaseForbidden(String database) {
        return fatal(
                Kind.CLIENT,
                SqlState.INSUFFICIENT_PRIVILEGE,
                "permission denied for database \"" + database + "\"",
                "User does not have CONNECT privilege.");
    }

    /** The login took longer than it may. */
    public static RouterError loginTimeout(Duration limit) {
        return fatal(
                Kind.LIMIT, SqlState.CONNECTION_FAILURE, "login did not complete within " + limit.toMillis() + " ms");
    }

    /** A startup packet outside TLS on a listener that wants it. */
    public static RouterError encryptionRequired(String user, String database) {
        return fatal(
                Kind.CLIENT,
                SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                "no encryption: connection for user \"" + user + "\", database \"" + database + "\" must use TLS");
    }

    /** Bytes behind an encryption request, which were not encrypted. */
    public static RouterError unencryptedData(String request) {
        return fatal(
                Kind.CLIENT,
                SqlState.PROTOCOL_VIOLATION,
                "received unencrypted data after " + request,
                "This could be either a client-software bug or evidence of an attempted man-in-the-middle attack.");
    }

    /** The startup parameter {@code replication} asks for a stream of the log. */
    public static RouterError replicationNotSupported() {
        return fatal(
                Kind.CLIENT,
                SqlState.FEATURE_NOT_SUPPORTED,
                "replication connections are not supported by the router",
                "Connect to the node itself.");
    }

    /** The startup parameter {@code replication} has no meaning. */
    public static RouterError invalidReplicationValue(String value) {
        return new RouterError(
                Kind.CLIENT,
                ErrorResponse.builder(
                                Severity.FATAL,
                                SqlState.INVALID_PARAMETER_VALUE,
                                "invalid value for parameter \"replication\": \"" + value + "\"")
                        .hint("Valid values are: \"false\", 0, \"true\", 1, \"database\".")
                        .build());
    }

    /** The startup parameter {@code options} cannot be read. */
    public static RouterError invalidStartupOption(String problem) {
        return fatal(Kind.CLIENT, SqlState.SYNTAX_ERROR, problem);
    }

    /** The startup parameter {@code options} has a switch that is no setting. */
    public static RouterError unsupportedStartupSwitch(String word) {
        return new RouterError(
                Kind.CLIENT,
                ErrorResponse.builder(
                                Severity.FATAL,
                                SqlState.FEATURE_NOT_SUPPORTED,
                                "command-line switch \"" + word + "\" in startup options is not supported")
                        .hint("Use -c name=value or --name=value.")
                        .build());
    }

    /** Another message where the client's SASL response must come. */
    public static RouterError expectedSaslResponse(byte tag) {
        return fatal(
                Kind.CLIENT, SqlState.PROTOCOL_VIOLATION, "expected SASL response, got message type " + (tag & 0xff));
    }

    /** A message whose length is out of bounds. */
    public static RouterError invalidMessageLength() {
        return fatal(Kind.CLIENT, SqlState.PROTOCOL_VIOLATION, "invalid message length");
    }

    /** A message whose parts do not fill it. */
    public static RouterError invalidMessageFormat() {
        return fatal(Kind.CLIENT, SqlState.PROTOCOL_VIOLATION, "invalid message format");
    }

    /** A SASL mechanism that was not offered. */
    public static RouterError invalidSaslMechanism() {
        return fatal(
                Kind.CLIENT, SqlState.PROTOCOL_VIOLATION, "client selected an invalid SASL authentication mechanism");
    }

    /** A SCRAM message that cannot be read. */
    public static RouterError malformedScramMessage(String detail) {
        return fatal(Kind.CLIENT, SqlState.PROTOCOL_VIOLATION, "malformed SCRAM message", detail);
    }

    /** A SCRAM message that may not say what it says. */
    public static RouterError scramViolation(String problem) {
        return fatal(Kind.CLIENT, SqlState.PROTOCOL_VIOLATION, problem);
    }

    /** A SCRAM client that answers another exchange. */
    public static RouterError scramNonceMismatch() {
        return fatal(Kind.CLIENT, SqlState.PROTOCOL_VIOLATION, "invalid SCRAM response", "Nonce does not match.");
    }

    /** A SCRAM client that wants what PostgreSQL does not have either. */
    public static RouterError unsupportedScram(String what) {
        return fatal(Kind.CLIENT, SqlState.FEATURE_NOT_SUPPORTED, what);
    }

    /** A client that was made to believe that channel binding is not offered. */
    public static RouterError channelBindingNegotiation() {
        return fatal(
                Kind.CLIENT,
                SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                "SCRAM channel binding negotiation error",
                "The client supports SCRAM channel binding but thinks the server does not.  However, this server does "
                        + "support channel binding.");
    }

    /** A client that sees another certificate than ours. */
    public static RouterError channelBindingCheckFailed() {
        return fatal(Kind.CLIENT, SqlState.INVALID_AUTHORIZATION_SPECIFICATION, "SCRAM channel binding check failed");
    }

    // Limits

    /** The router has as many sessions as it may. */
    public static RouterError tooManySessions(int limit) {
        return fatal(
                Kind.LIMIT,
                SqlState.TOO_MANY_CONNECTIONS,
                "sorry, too many clients already",
                "The router serves at most " + limit + " sessions.");
    }

    /** A session holds as many prepared statements as it may. */
    public static RouterError tooManyStatements(int limit) {
        return error(
                Kind.LIMIT,
                SqlState.PROGRAM_LIMIT_EXCEEDED,
                "too many prepared statements in this session (limit: " + limit + ")");
    }

    /** A session keeps as much in the router as it may. */
    public static RouterError keptBytes(long limitBytes) {
        return error(
                Kind.LIMIT,
                SqlState.OUT_OF_MEMORY,
                "too many bytes of statements, settings and portals in this session (limit: " + limitBytes + ")",
                "The limit is limits.kept_per_session.");
    }

    /** The sessions of an event loop keep as much in the router as they may. */
    public static RouterError keptPerLoop(long limitBytes) {
        return fatal(
                Kind.LIMIT,
                SqlState.OUT_OF_MEMORY,
                "the router has no memory for more clients",
                "Those of one event loop keep more than " + limitBytes + " bytes (limits.kept_per_loop).");
    }

    /** Rows that shards have sent, and the client has not asked for yet, need too much memory. */
    public static RouterError suspendedRowsMemory(long limitBytes) {
        return new RouterError(
                Kind.LIMIT,
                ErrorResponse.builder(
                                Severity.ERROR,
                                SqlState.OUT_OF_MEMORY,
                                "rows of portals over several shards need more memory than limits.merge_memory allows")
                        .detail("The limit is " + limitBytes + " bytes for all portals of the session.")
                        .hint("Fetch fewer rows at a time, close portals, or raise limits.merge_memory.")
                        .build());
    }

    /** The groups of a statement, which must all be there before the first one can be sent, need too much memory. */
    public static RouterError mergeMemory(long neededBytes, long limitBytes) {
        return new RouterError(
                Kind.LIMIT,
                ErrorResponse.builder(
                                Severity.ERROR,
                                SqlState.OUT_OF_MEMORY,
                                "groups of the statement need more memory than limits.merge_memory allows")
                        .detail("They need at least " + neededBytes + " bytes; the limit is " + limitBytes + ".")
                        .hint(
                                "Ask for fewer groups, order them by aggregates alone with a LIMIT, or raise limits.merge_memory.")
                        .build());
    }

    /**
     * An aggregate of all shards is no value of its type any more.
     *
     * @param message what PostgreSQL says of it
     */
    public static RouterError combinedOutOfRange(String message) {
        return error(Kind.CLIENT, SqlState.NUMERIC_VALUE_OUT_OF_RANGE, message);
    }

    /** No backend became free in time. */
    public static RouterError leaseTimeout(Duration limit) {
        return error(Kind.LIMIT, SqlState.QUERY_CANCELED, "no backend became free within " + limit.toMillis() + " ms");
    }

    /** No backend became free in time, maybe because none could be opened. */
    public static RouterError leaseTimeout(Duration limit, @Nullable RouterError lastFailure) {
        return lastFailure == null
                ? leaseTimeout(limit)
                : error(
                        Kind.BACKEND,
                        SqlState.QUERY_CANCELED,
                        "no backend became free within " + limit.toMillis() + " ms",
                        "The last attempt to open one failed with "
                                + lastFailure.response().sqlState() + ": "
                                + lastFailure.response().message() + ".");
    }

    /** As many requests wait for a backend as may. */
    public static RouterError tooManyWaiters(int limit) {
        return error(
                Kind.LIMIT,
                SqlState.TOO_MANY_CONNECTIONS,
                "too many requests wait for a backend (limit: " + limit + ")");
    }

    /** The statement took too long, or the client cancelled it while it waited for a backend. */
    public static RouterError queryCanceled(String reason) {
        return error(Kind.LIMIT, SqlState.QUERY_CANCELED, "canceling statement due to " + reason);
    }

    /** The transaction took too long. */
    public static RouterError transactionTimeout() {
        return fatal(Kind.LIMIT, SqlState.TRANSACTION_TIMEOUT, "terminating connection due to transaction timeout");
    }

    /** The client sent no statement for too long in a transaction. */
    public static RouterError idleInTransactionTimeout() {
        return fatal(
                Kind.LIMIT,
                SqlState.IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
                "terminating connection due to idle-in-transaction timeout");
    }

    /** The client sent no statement for too long outside a transaction. */
    public static RouterError idleSessionTimeout() {
        return fatal(Kind.LIMIT, SqlState.IDLE_SESSION_TIMEOUT, "terminating connection due to idle-session timeout");
    }

    /** The client did not send the rest of a message, which nothing can be put behind. */
    public static RouterError clientStalled() {
        return fatal(
                Kind.LIMIT,
                SqlState.CONNECTION_FAILURE,
                "terminating connection due to copy stall timeout",
                "The client did not send the rest of a message.");
    }

    /** The client sent something else in the middle of a COPY FROM, which is what a server says of it. */
    public static RouterError unexpectedDuringCopy(byte tag) {
        return error(
                Kind.CLIENT,
                SqlState.PROTOCOL_VIOLATION,
                String.format("unexpected message type 0x%02X during COPY from stdin", tag));
    }

    /** What a server says when it ends a connection because it does not know where the client's next message begins. */
    public static RouterError synchronizationLost() {
        return fatal(
                Kind.CLIENT,
                SqlState.PROTOCOL_VIOLATION,
                "terminating connection because protocol synchronization was lost");
    }

    /** A session listens to as many channels as it may, or one transaction changes that many. */
    public static RouterError tooManyChannels(int limit) {
        return error(
                Kind.LIMIT,
                SqlState.PROGRAM_LIMIT_EXCEEDED,
                "too many channels in this session (limit: " + limit + ", limits.channels_per_session)");
    }

    /** A client that listens takes its notifications more slowly than they come. */
    public static RouterError tooManyNotifications(int limit, long limitBytes) {
        return new RouterError(
                Kind.LIMIT,
                ErrorResponse.builder(
                                Severity.FATAL,
                                SqlState.OUT_OF_MEMORY,
                                "terminating connection because too many notifications wait for it")
                        .detail("At most " + limit + " may wait (limits.notifications), of " + limitBytes
                                + " bytes together (limits.notification_bytes).")
                        .hint("Read them while no transaction is open, and end transactions soon.")
                        .build());
    }

    // Backends and topology

    /** The backend that listens for a session was lost; a WARNING that the client is sent as a notice. */
    public static RouterError notificationsMissed() {
        return new RouterError(
                Kind.BACKEND,
                ErrorResponse.builder(Severity.WARNING, SqlState.WARNING, "notifications may have been missed")
                        .detail(
                                "The backend that listened for this session was lost; another one listens to the same channels now.")
                        .hint("Look for what notifications would have told.")
                        .build());
    }

    /** TLS to a node could not be established, or its certificate is not what was asked for. */
    public static RouterError backendTlsFailed(String node, String problem) {
        return error(
                Kind.BACKEND,
                SqlState.UNABLE_TO_CONNECT,
                "could not establish TLS with node \"" + node + "\": " + problem);
    }

    /** Connecting and logging in to a node took longer than it may. */
    public static RouterError backendLoginTimeout(String node, Duration limit) {
        return error(
                Kind.BACKEND,
                SqlState.UNABLE_TO_CONNECT,
                "login to node \"" + node + "\" did not complete within " + limit.toMillis() + " ms");
    }

    /** A node asks for an authentication the router does not take part in, or fails to prove that it knows the password. */
    public static RouterError backendAuthentication(String problem) {
        return error(
                Kind.BACKEND,
                SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                "authentication with a node failed: " + problem);
    }

    /** A node refused the login of the router, in its own words. */
    public static RouterError backendRefused(ErrorResponse response) {
        return new RouterError(Kind.BACKEND, response.withSeverity(Severity.ERROR));
    }

    /** A node did not say what the parameters of a statement are, in its own words. */
    public static RouterError notDescribed(ErrorResponse response) {
        return new RouterError(Kind.CLIENT, response.withSeverity(Severity.ERROR));
    }

    /** A node ended the connection before the login was complete. */
    public static RouterError backendClosedDuringLogin(String node) {
        return error(
                Kind.BACKEND, SqlState.CONNECTION_FAILURE, "node \"" + node + "\" closed the connection during login");
    }

    /** A node could not be reached. */
    public static RouterError connectFailed(String node) {
        return error(Kind.BACKEND, SqlState.UNABLE_TO_CONNECT, "could not connect to node \"" + node + "\"");
    }

    /** A node answered, and refuses the router's login with an error that lasts; the SQLSTATE is the node's own. */
    public static RouterError loginRefused(String node, RouterError answer) {
        ErrorResponse response = answer.response();
        return new RouterError(
                Kind.BACKEND,
                response.withSeverity(Severity.ERROR)
                        .with(
                                ErrorResponse.MESSAGE,
                                "node \"" + node + "\" refused the login of the router: " + response.message()));
    }

    /** The backend was lost and what it was doing is certainly undone. */
    public static RouterError backendLost(String node) {
        return error(
                Kind.BACKEND,
                SqlState.CONNECTION_FAILURE,
                "connection to node \"" + node + "\" was lost",
                "The transaction did not commit.");
    }

    /** A node left a statement of the router's own unanswered; that backend is closed. */
    public static RouterError ownStatementTimeout(String node, Duration limit) {
        return error(
                Kind.BACKEND,
                SqlState.CONNECTION_FAILURE,
                "node \"" + node + "\" did not answer a statement of the router within " + limit.toMillis() + " ms");
    }

    /** The backend was lost in a transaction that certainly did not commit, and trying again is safe. */
    public static RouterError transactionLost(String node) {
        return new RouterError(
                Kind.BACKEND,
                ErrorResponse.builder(
                                Severity.ERROR,
                                SqlState.SERIALIZATION_FAILURE,
                                "connection to node \"" + node + "\" was lost")
                        .detail("The transaction did not commit.")
                        .hint("The transaction might succeed if retried.")
                        .build());
    }

    /** The backend was lost while a COMMIT, or a write of its own transaction, was under way. */
    public static RouterError commitInDoubt(String node) {
        return new RouterError(
                Kind.BACKEND,
                ErrorResponse.builder(
                                Severity.ERROR,
                                SqlState.TRANSACTION_RESOLUTION_UNKNOWN,
                                "connection to node \"" + node
                                        + "\" was lost while the transaction was being committed")
                        .detail("Whether it committed is not known.")
                        .hint("Check what it would have changed before trying again.")
                        .build());
    }

    /** Whether a transaction over several shards commits is not known, because the decision could not be read. */
    public static RouterError decisionUnknown(String problem) {
        return new RouterError(
                Kind.TOPOLOGY,
                ErrorResponse.builder(
                                Severity.ERROR,
                                SqlState.TRANSACTION_RESOLUTION_UNKNOWN,
                                "decision about the transaction over several shards could not be reached")
                        .detail("Whether it commits is not known yet: " + problem + ".")
                        .hint(
                                "It will be committed on all shards or on none. Check what it would have changed before trying again.")
                        .build());
    }

    /** Something that cannot be done in a transaction that has come to several shards. */
    public static RouterError onSeveralShards(String what) {
        return new RouterError(
                Kind.CLIENT,
                ErrorResponse.builder(
                                Severity.ERROR,
                                SqlState.FEATURE_NOT_SUPPORTED,
                                "transaction cannot do this on several shards")
                        .detail("It is about " + what + ".")
                        .hint("Use one transaction for each shard.")
                        .build());
    }

    /** Another router took a transaction over several shards for abandoned, before it could commit. */
    public static RouterError abortedByRecovery() {
        return new RouterError(
                Kind.TOPOLOGY,
                ErrorResponse.builder(
                                Severity.ERROR,
                                SqlState.SERIALIZATION_FAILURE,
                                "transaction over several shards took too long to commit and was rolled back")
                        .detail("The transaction did not commit.")
                        .hint("The transaction might succeed if retried.")
                        .build());
    }

    /** The shard has no primary, and none appeared in time. */
    public static RouterError noPrimary(String shard) {
        return error(
                Kind.TOPOLOGY, SqlState.CANNOT_CONNECT_NOW, "shard \"" + shard + "\" has no primary at the moment");
    }

    /** The shard has no replica that may be read, and the session asked for one. */
    public static RouterError noReplica(String shard) {
        return error(
                Kind.TOPOLOGY,
                SqlState.CANNOT_CONNECT_NOW,
                "shard \"" + shard + "\" has no readable replica at the moment");
    }

    // Routing

    /**
     * A statement that is not proven to give what one server would give, wherever it runs; nothing of it was sent.
     *
     * @param detail a sentence that begins with the stable code of the refusal
     */
    public static RouterError refused(SqlState sqlState, String message, String detail, String hint) {
        return new RouterError(
                Kind.CLIENT,
                ErrorResponse.builder(Severity.ERROR, sqlState, message)
                        .detail(detail)
                        .hint(hint)
                        .build());
    }

    /** A shard would answer a query over several shards with other columns than the first. */
    public static RouterError shardsDiffer(String node, String difference) {
        return new RouterError(
                Kind.BACKEND,
                ErrorResponse.builder(
                                Severity.ERROR,
                                SqlState.FEATURE_NOT_SUPPORTED,
                                "shards do not return the same columns for the statement")
                        .detail("Node \"" + node + "\" returns " + difference + ".")
                        .hint("Give the tables the same definition on every shard; trunkline doctor shows differences.")
                        .build());
    }

    /**
     * A shard sorts rows in another way than they are compared here.
     *
     * @param shard its place among those of the statement, from 1
     */
    public static RouterError shardOutOfOrder(int shard) {
        return new RouterError(
                Kind.BACKEND,
                ErrorResponse.builder(
                                Severity.ERROR,
                                SqlState.INTERNAL_ERROR,
                                "rows of a shard are not in the order that was asked for")
                        .detail("It is shard " + shard + " of the statement's.")
                        .hint(
                                "Restrict the statement to one shard, and report its ORDER BY and GROUP BY with their types and collations.")
                        .build());
    }

    /** What a reference table has, or what a statement does to it, is not the same on every shard. */
    public static RouterError copiesDiffer(String node, String how) {
        return new RouterError(
                Kind.BACKEND,
                ErrorResponse.builder(
                                Severity.ERROR,
                                SqlState.FEATURE_NOT_SUPPORTED,
                                "shards do not do the same with the statement")
                        .detail("Of node \"" + node + "\": " + how + ". Nothing was kept on any shard.")
                        .hint(
                                "Make definitions and the rows of reference tables equal on every shard; trunkline doctor shows differences.")
                        .build());
    }

    /** Rows that are inserted into a reference table are kept until all shards have them. */
    public static RouterError copiedRowsMemory(long limitBytes) {
        return new RouterError(
                Kind.LIMIT,
                ErrorResponse.builder(
                                Severity.ERROR,
                                SqlState.OUT_OF_MEMORY,
                                "rows for a reference table need more memory than limits.merge_memory allows")
                        .detail("The limit is " + limitBytes + " bytes.")
                        .hint("Insert fewer rows by one statement.")
                        .build());
    }

    /** A row of a query over several shards is longer than what is kept of one. */
    public static RouterError mergedRowTooLong(long rowBytes, int limitBytes) {
        return new RouterError(
                Kind.CLIENT,
                ErrorResponse.builder(
                                Severity.ERROR,
                                SqlState.PROGRAM_LIMIT_EXCEEDED,
                                "row of " + rowBytes + " bytes is too long to be merged")
                        .detail("The limit of a row in a statement over several shards is " + limitBytes + " bytes.")
                        .hint("Raise limits.merged_row, or restrict the statement to one shard.")
                        .build());
    }

    /** The answer to a query of the router's own is larger than it keeps. */
    public static RouterError internalReplyTooLong(int limitBytes) {
        return error(
                Kind.LIMIT,
                SqlState.PROGRAM_LIMIT_EXCEEDED,
                "answer to a query of the router is longer than " + limitBytes + " bytes");
    }

    /**
     * Data of a COPY FROM that no server takes; in a server's words.
     *
     * @param hint what to write instead, or null
     */
    public static RouterError badCopyData(String message, @Nullable String hint) {
        ErrorResponse.Builder builder = ErrorResponse.builder(Severity.ERROR, SqlState.BAD_COPY_FILE_FORMAT, message);
        return new RouterError(Kind.CLIENT, (hint == null ? builder : builder.hint(hint)).build());
    }

    /** A row of a COPY FROM over several shards is longer than what is kept of one. */
    public static RouterError copiedRowTooLong(int limitBytes) {
        return new RouterError(
                Kind.CLIENT,
                ErrorResponse.builder(
                                Severity.ERROR,
                                SqlState.PROGRAM_LIMIT_EXCEEDED,
                                "row is too long to be copied to one of several shards")
                        .detail("The limit of a row in a statement over several shards is " + limitBytes + " bytes.")
                        .hint("Raise limits.merged_row, or name the shard.")
                        .build());
    }

    /** A shard does not copy as the others do. */
    public static RouterError copyDiffers(String node, String difference) {
        return new RouterError(
                Kind.BACKEND,
                ErrorResponse.builder(Severity.ERROR, SqlState.FEATURE_NOT_SUPPORTED, "shards do not copy alike")
                        .detail("Node \"" + node + "\": " + difference + ".")
                        .hint("Make the table the same on all shards.")
                        .build());
    }

    /** The client fails its COPY FROM. */
    public static RouterError copyFailed(String reason) {
        return error(Kind.CLIENT, SqlState.QUERY_CANCELED, "COPY from stdin failed: " + reason);
    }

    // Settings and commands of the router

    /** SHOW, SET or RESET of a parameter under {@code trunkline.} that does not exist. */
    public static RouterError unknownParameter(String name) {
        return error(Kind.CLIENT, SqlState.UNDEFINED_OBJECT, "unrecognized configuration parameter \"" + name + "\"");
    }

    /** SET of a parameter that can only be shown. */
    public static RouterError cannotChangeParameter(String name) {
        return error(Kind.CLIENT, SqlState.CANT_CHANGE_RUNTIME_PARAM, "parameter \"" + name + "\" cannot be changed");
    }

    /** SET of where statements run, by a user who may not choose. */
    public static RouterError cannotSetByUser(String name, String user) {
        return error(
                Kind.CLIENT,
                SqlState.INSUFFICIENT_PRIVILEGE,
                "permission denied to set parameter \"" + name + "\"",
                "User \"" + user + "\" may not choose where a statement runs: routing_hints is false.");
    }

    /** SET of a value that makes no sense. */
    public static RouterError invalidParameterValue(String name, String value, String expected) {
        return error(
                Kind.CLIENT,
                SqlState.INVALID_PARAMETER_VALUE,
                "invalid value for parameter \"" + name + "\": \"" + value + "\"",
                "Expected is " + expected + ".");
    }

    /** A command for the router among other statements in one Query. */
    public static RouterError routerCommandNotAlone() {
        return error(
                Kind.CLIENT,
                SqlState.FEATURE_NOT_SUPPORTED,
                "a command for the router must be sent alone",
                "SHOW, SET and RESET of trunkline parameters, and CLOSE of a cursor over several shards, cannot be part of several statements in one message.");
    }

    /** A Parse beyond the inspection limit. */
    public static RouterError statementTooLong(int limitBytes) {
        return error(
                Kind.LIMIT,
                SqlState.PROGRAM_LIMIT_EXCEEDED,
                "statement to prepare is longer than " + limitBytes + " bytes (limits.inspected_message)");
    }

    /** FunctionCall says nothing about a shard. */
    public static RouterError functionCallNotRouted() {
        return error(
                Kind.CLIENT,
                SqlState.FEATURE_NOT_SUPPORTED,
                "function call messages cannot be routed to a shard",
                "The message names no table and no shard key.");
    }

    /** No topology has been seen since the router started. */
    public static RouterError noTopology() {
        return fatal(Kind.TOPOLOGY, SqlState.CANNOT_CONNECT_NOW, "the router has no topology yet");
    }

    /** No topology has been read yet that has the cluster. */
    public static RouterError noTopology(String cluster) {
        return fatal(
                Kind.TOPOLOGY, SqlState.CANNOT_CONNECT_NOW, "no topology of cluster \"" + cluster + "\" is known yet");
    }

    /** A backend that carried state of the session was lost. */
    public static RouterError sessionStateLost(String node) {
        return fatal(
                Kind.BACKEND,
                SqlState.ADMIN_SHUTDOWN,
                "terminating connection because the backend that kept its session state was lost",
                "Temporary tables, locks, listening or prepared statements of this session were on node \"" + node
                        + "\".");
    }

    /**
     * A node refused a setting that another one took, so the statement was not run.
     *
     * @param cause what the node said; its SQLSTATE and message are kept
     */
    public static RouterError settingsRefused(String node, ErrorResponse cause) {
        return new RouterError(
                Kind.BACKEND,
                cause.withSeverity(Severity.ERROR)
                        .with(
                                ErrorResponse.DETAIL,
                                "Node \"" + node
                                        + "\" refused a setting that this session made elsewhere; the statement was not run."));
    }

    // The router itself

    /** The router stops. */
    public static RouterError shuttingDown() {
        return fatal(Kind.TOPOLOGY, SqlState.ADMIN_SHUTDOWN, "terminating connection due to administrator command");
    }

    /** The topology leads a database elsewhere than when the client connected; drivers connect again at this SQLSTATE. */
    public static RouterError databaseMoved(String database) {
        return fatal(
                Kind.TOPOLOGY,
                SqlState.ADMIN_SHUTDOWN,
                "terminating connection because the topology has changed",
                "Database \"" + database
                        + "\" is in another cluster now, or its shards are others or in another order.");
    }

    /** A client comes while the router stops; drivers with several hosts try the next one at this SQLSTATE. */
    public static RouterError notAccepting() {
        return fatal(Kind.TOPOLOGY, SqlState.CANNOT_CONNECT_NOW, "the router is shutting down");
    }

    /** A defect; the log has more under the same reference. */
    public static RouterError internal(String reference) {
        return fatal(
                Kind.INTERNAL, SqlState.INTERNAL_ERROR, "internal error of the router (reference " + reference + ")");
    }

    private static RouterError error(Kind kind, SqlState sqlState, String message) {
        return new RouterError(kind, ErrorResponse.of(Severity.ERROR, sqlState, message));
    }

    private static RouterError error(Kind kind, SqlState sqlState, String message, String detail) {
        return new RouterError(
                kind,
                ErrorResponse.builder(Severity.ERROR, sqlState, message)
                        .detail(detail)
                        .build());
    }

    private static RouterError fatal(Kind kind, SqlState sqlState, String message) {
        return new RouterError(kind, ErrorResponse.of(Severity.FATAL, sqlState, message));
    }

    private static RouterError fatal(Kind kind, SqlState sqlState, String message, String detail) {
        return new RouterError(
                kind,
                ErrorResponse.builder(Severity.FATAL, sqlState, message)
                        .detail(detail)
                        .build());
    }
}
