/*
 * Copyright 2026 the ublk4j authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.ublk4j.spring;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.lettuce.core.MigrateArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.cluster.SlotHash;

import static org.awaitility.Awaitility.await;

/**
 * A Redis Cluster of three primaries that keeps nothing on disk.
 */
public final class RedisCluster implements AutoCloseable {

	private static final String HOST = "127.0.0.1";

	/**
	 * How many primaries it has, with the numbers 0, 1, ... A replica has the number of
	 * its primary, and this more.
	 */
	public static final int NODES = 3;

	private final List<LocalServer> servers = new ArrayList<>();

	private final List<RedisCommands<String, String>> nodes = new ArrayList<>();

	private final RedisClient client = RedisClient.create();

	/** The nodes of the slots that are not where they were in the beginning. */
	private final Map<Integer, Integer> moved = new HashMap<>();

	private RedisCluster() {
	}

	/**
	 * Starts one without replicas. Ends the test where there is no Redis.
	 */
	public static RedisCluster start() {
		return start(NODES, Duration.ofSeconds(5));
	}

	/**
	 * Starts one with a replica for each primary, which takes its place once the primary
	 * has not been heard of for two seconds.
	 */
	public static RedisCluster startWithReplicas() {
		return start(2 * NODES, Duration.ofSeconds(2));
	}

	private static RedisCluster start(int servers, Duration nodeTimeout) {
		RedisCluster cluster = new RedisCluster();
		try {
			cluster.startServers(servers, nodeTimeout);
			cluster.join();
			cluster.replicate();
		}
		catch (RuntimeException ex) {
			cluster.close();
			throw ex;
		}
		return cluster;
	}

	private void startServers(int count, Duration nodeTimeout) {
		for (int i = 0; i < count; i++) {
			LocalServer server = LocalServer.redisOfACluster(nodeTimeout);
			this.servers.add(server);
			this.nodes.add(this.client.connect(RedisURI.create(HOST, server.port())).sync());
		}
	}

	private void join() {
		for (int i = 0; i < NODES; i++) {
			int node = i;
			this.nodes.get(i)
				.clusterAddSlots(
						IntStream.range(0, SlotHash.SLOT_COUNT).filter((slot) -> nodeOf(slot) == node).toArray());
			this.nodes.get(i).clusterSetConfigEpoch(1 + i);
		}
		this.servers.forEach((server) -> this.nodes.get(0).clusterMeet(HOST, server.port()));
		await("cluster").atMost(Duration.ofSeconds(60))
			.until(() -> this.nodes.stream()
				.map(RedisCommands::clusterInfo)
				.allMatch((info) -> info.contains("cluster_state:ok")
						&& info.contains("cluster_known_nodes:" + this.nodes.size())
						&& info.contains("cluster_size:" + NODES)));
	}

	private void replicate() {
		for (int i = NODES; i < this.nodes.size(); i++) {
			this.nodes.get(i).clusterReplicate(this.nodes.get(i - NODES).clusterMyId());
		}
		for (int i = NODES; i < this.nodes.size(); i++) {
			awaitReplica(i);
		}
		// who does not know that it is one does not vote for it
		await("replicas").atMost(Duration.ofSeconds(60))
			.until(() -> this.nodes.stream()
				.map(RedisCommands::clusterNodes)
				.allMatch((all) -> all.lines().filter((line) -> line.contains("slave")).count() == this.nodes.size()
						- NODES));
	}

	/**
	 * Waits until a node is a replica that has caught up.
	 */
	public void awaitReplica(int node) {
		await("replica").atMost(Duration.ofSeconds(60))
			.until(() -> this.nodes.get(node).info("replication").contains("master_link_status:up"));
	}

	/**
	 * Returns whether a node takes itself for a primary.
	 */
	public boolean isPrimary(int node) {
		return this.nodes.get(node).info("replication").contains("role:master");
	}

	/**
	 * Waits until what has been written to a volume is on a replica.
	 * @param node the primary that has the slot of the volume
	 */
	public void awaitReplication(int node, String volume) {
		// waits for what was written before on this connection, and that is behind what
		// was written before on others
		this.nodes.get(node).set("{" + volume + "}awaited", "");
		await("replication").atMost(Duration.ofSeconds(60))
			.until(() -> this.nodes.get(node).waitForReplication(1, 1000) > 0);
	}

	/**
	 * Returns a server.
	 */
	public LocalServer server(int node) {
		return this.servers.get(node);
	}

	private int nodeOf(int slot) {
		return this.moved.getOrDefault(slot, slot * NODES / SlotHash.SLOT_COUNT);
	}

	/**
	 * Returns where it can be found, as {@code spring.data.redis.cluster.nodes} wants it.
	 */
	public String addresses() {
		return this.servers.stream().map((server) -> HOST + ":" + server.port()).collect(Collectors.joining(","));
	}

	/**
	 * Returns the number of the node that has the slot of a volume.
	 */
	public int nodeOf(String volume) {
		return nodeOf(slot(volume));
	}

	private static int slot(String volume) {
		return SlotHash.getSlot("{" + volume + "}");
	}

	/**
	 * Returns the keys of a volume that a node has.
	 */
	public List<String> keys(int node, String volume) {
		return this.nodes.get(node).clusterGetKeysInSlot(slot(volume), Integer.MAX_VALUE);
	}

	/**
	 * Changes a setting of a node.
	 */
	public void config(int node, String name, String value) {
		this.nodes.get(node).configSet(name, value);
	}

	/**
	 * Returns how often a node has answered with an error since it was started.
	 * @param code MOVED, ASK or TRYAGAIN
	 */
	public int errors(int node, String code) {
		return this.nodes.get(node)
			.info("errorstats")
			.lines()
			.filter((line) -> line.startsWith("errorstat_" + code + ":count="))
			.mapToInt((line) -> Integer.parseInt(line.substring(line.indexOf('=') + 1)))
			.sum();
	}

	/**
	 * Moves the slot of a volume as {@code redis-cli --cluster reshard} does, but slower:
	 * a few keys at a time, in any order.
	 * @param to the node that has it then
	 * @param pause after every few keys
	 */
	public void move(String volume, int to, Duration pause) throws InterruptedException {
		int slot = slot(volume);
		int from = nodeOf(slot);
		RedisCommands<String, String> source = this.nodes.get(from);
		RedisCommands<String, String> target = this.nodes.get(to);
		target.clusterSetSlotImporting(slot, source.clusterMyId());
		source.clusterSetSlotMigrating(slot, target.clusterMyId());
		List<String> keys = source.clusterGetKeysInSlot(slot, 8);
		while (!keys.isEmpty()) {
			source.migrate(HOST, this.servers.get(to).port(), 0, 5000, MigrateArgs.Builder.keys(keys));
			Thread.sleep(pause.toMillis());
			keys = source.clusterGetKeysInSlot(slot, 8);
		}
		String id = target.clusterMyId();
		// first the one that must not be without it
		target.clusterSetSlotNode(slot, id);
		this.nodes.forEach((node) -> node.clusterSetSlotNode(slot, id));
		this.moved.put(slot, to);
	}

	/**
	 * Ends its servers and removes what they have left.
	 */
	@Override
	public void close() {
		this.client.shutdown(Duration.ZERO, Duration.ofSeconds(10));
		this.servers.forEach(LocalServer::end);
	}

}
