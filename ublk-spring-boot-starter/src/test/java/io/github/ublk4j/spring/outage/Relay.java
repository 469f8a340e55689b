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

package io.github.ublk4j.spring.outage;

import java.time.Duration;

import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.NettyInbound;
import reactor.netty.NettyOutbound;
import reactor.netty.tcp.TcpClient;
import reactor.netty.tcp.TcpServer;

/**
 * Passes TCP connections on to another port of this machine, and can do as if nobody
 * listened.
 */
final class Relay implements AutoCloseable {

	private static final String HOST = "127.0.0.1";

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final TcpClient target;

	private DisposableServer listener;

	/** Closes also what is added after it was closed. */
	private ChannelGroup connections;

	/**
	 * Creates one that listens.
	 * @param target where connections are passed on to
	 */
	Relay(int target) {
		this.target = TcpClient.newConnection().host(HOST).port(target);
		this.connections = newConnections();
		this.listener = listen(0, this.connections);
	}

	private static ChannelGroup newConnections() {
		return new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
	}

	private DisposableServer listen(int port, ChannelGroup accepted) {
		return TcpServer.create()
			.host(HOST)
			.port(port)
			.doOnConnection((connection) -> accepted.add(connection.channel()))
			.handle(this::passOn)
			.bindNow(PATIENCE);
	}

	private Mono<Void> passOn(NettyInbound in, NettyOutbound out) {
		return Mono.usingWhen(this.target.connect(), (far) -> {
			Mono<Void> there = far.outbound().send(in.receive().retain()).then();
			Mono<Void> back = out.send(far.inbound().receive().retain()).then();
			return Mono.firstWithSignal(there, back);
		}, (far) -> Mono.fromRunnable(far::dispose));
	}

	/** Returns where it listens, on 127.0.0.1. */
	int port() {
		return this.listener.port();
	}

	/** Listens no more, and ends all connections. */
	void takeAway() {
		this.listener.disposeNow(PATIENCE);
		this.connections.close().syncUninterruptibly();
	}

	/** Listens again, where it did. */
	void bringBack() {
		this.connections = newConnections();
		this.listener = listen(this.listener.port(), this.connections);
	}

	@Override
	public void close() {
		takeAway();
	}

}
