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

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.layer.ForwardingBlockStore;
import io.github.ublk4j.store.MemoryBlockStore;
import io.github.ublk4j.store.mirror.MemberState;
import io.github.ublk4j.store.mirror.MirrorBlockStore;
import org.awaitility.Awaitility;
import reactor.core.publisher.Mono;

/**
 * A mirror of two stores in memory, of which the second can fail.
 */
public final class TestMirror {

	/** Bytes of the mirror. */
	public static final int SIZE = 4 << 20;

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	private TestMirror() {
	}

	/** Returns a mirror of current members that does not try to resync them later. */
	public static MirrorBlockStore of(BreakableStore second) {
		BreakableStore first = new BreakableStore("first", SIZE + MirrorBlockStore.DATA_OFFSET);
		MirrorBlockStore fresh = open(List.of(first, second), Duration.ofMillis(20));
		awaitCurrent(fresh);
		fresh.close();
		return open(List.of(first, second), Duration.ofDays(1));
	}

	/** Waits until all members are current. */
	public static void awaitCurrent(MirrorBlockStore mirror) {
		Awaitility.await()
			.atMost(TIMEOUT)
			.until(() -> mirror.members().stream().allMatch((member) -> member.state() == MemberState.CURRENT));
	}

	/**
	 * Returns a mirror that goes on without its second member, which has missed 1 MiB.
	 */
	public static MirrorBlockStore degraded() {
		BreakableStore second = new BreakableStore("second at redis://user:geheim@host",
				SIZE + MirrorBlockStore.DATA_OFFSET);
		MirrorBlockStore mirror = of(second);
		second.breakDown();
		mirror.write(0, ByteBuffer.allocate(512)).block(TIMEOUT);
		return mirror;
	}

	private static MirrorBlockStore open(List<BreakableStore> members, Duration retryEvery) {
		return Objects.requireNonNull(MirrorBlockStore.of(members).retryEvery(retryEvery).open().block(TIMEOUT));
	}

	/** A store in memory that can fail its writes. */
	public static final class BreakableStore extends ForwardingBlockStore {

		private final String name;

		private volatile boolean broken;

		public BreakableStore(String name, long size) {
			super(MemoryBlockStore.sparse(size));
			this.name = name;
		}

		public void breakDown() {
			this.broken = true;
		}

		public void mend() {
			this.broken = false;
		}

		@Override
		public Mono<Void> write(long offset, ByteBuffer source) {
			return this.broken
					? Mono.error(new BlockIoException(BlockErrno.EIO, "refused to user with password=geheim"))
					: super.write(offset, source);
		}

		/** What it holds is needed again. */
		@Override
		public void close() {
			// collected
		}

		@Override
		public String toString() {
			return this.name;
		}

	}

}
