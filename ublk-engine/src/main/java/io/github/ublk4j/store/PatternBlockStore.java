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

package io.github.ublk4j.store;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

/**
 * A read-only disk whose content is computed, so that whoever reads it, through any
 * number of layers and copies, can tell whether every byte is that of its place.
 * <p>
 * The content is a sequence of little-endian 64-bit words. The word at offset {@code o},
 * a multiple of 8, is the output of SplitMix64 for the state {@code seed + o}: it depends
 * on the place alone, and no two places of a disk have the same word.
 * <p>
 * Every method does its work on the calling thread, and may be called concurrently.
 */
public final class PatternBlockStore implements BlockStore {

	private static final Set<BlockOperation> OPERATIONS = Collections.unmodifiableSet(EnumSet.of(BlockOperation.READ));

	private final long size;

	private final long seed;

	private volatile boolean closed;

	/**
	 * Creates a store.
	 * @param size bytes, 1 or more
	 * @param seed what tells its content from that of other disks; any number
	 */
	public PatternBlockStore(long size, long seed) {
		if (size <= 0) {
			throw new IllegalArgumentException("A pattern store cannot have " + size + " bytes. Use 1 or more.");
		}
		this.size = size;
		this.seed = seed;
	}

	/**
	 * Returns the byte at an offset.
	 * @param seed that of the store
	 * @param offset in bytes, 0 or more
	 * @return what a read finds there
	 */
	public static byte byteAt(long seed, long offset) {
		return (byte) (word(seed, offset & -8L) >>> (8 * (offset & 7)));
	}

	/**
	 * Looks for the first byte that is not the one of its place.
	 * @param seed that of the store
	 * @param offset where the data was read from, in bytes
	 * @param data what was read, from its position to its limit; left as it is
	 * @return the offset of the byte on the disk, or -1 if all are right
	 */
	public static long mismatch(long seed, long offset, ByteBuffer data) {
		ByteBuffer expected = ByteBuffer.allocate(data.remaining());
		fill(seed, offset, expected);
		int index = data.mismatch(expected.flip());
		return (index < 0) ? -1 : offset + index;
	}

	@Override
	public long size() {
		return this.size;
	}

	@Override
	public Mono<Void> read(long offset, ByteBuffer destination) {
		if (this.closed) {
			return Mono.error(new BlockIoException(BlockErrno.EIO, "The pattern store is closed"));
		}
		BlockIoException violation = BlockIoException.outside(this.size, offset, destination.remaining());
		if (violation != null) {
			return Mono.error(violation);
		}
		fill(this.seed, offset, destination);
		return Mono.empty();
	}

	private static void fill(long seed, long offset, ByteBuffer destination) {
		ByteBuffer words = destination.slice().order(ByteOrder.LITTLE_ENDIAN);
		long at = offset;
		while (words.hasRemaining()) {
			if ((at & 7) == 0 && words.remaining() >= Long.BYTES) {
				words.putLong(word(seed, at));
				at += Long.BYTES;
			}
			else {
				words.put(byteAt(seed, at++));
			}
		}
		destination.position(destination.limit());
	}

	private static long word(long seed, long offset) {
		long mixed = seed + offset;
		mixed = (mixed ^ (mixed >>> 30)) * 0xbf58476d1ce4e5b9L;
		mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
		return mixed ^ (mixed >>> 31);
	}

	@Override
	public Mono<Void> write(long offset, ByteBuffer source) {
		return Mono
			.error(new BlockIoException(BlockErrno.EOPNOTSUPP, "WRITE is not supported: a pattern store is read-only"));
	}

	@Override
	public Set<BlockOperation> operations() {
		return OPERATIONS;
	}

	@Override
	public boolean fillsReadBuffers() {
		return true;
	}

	/**
	 * Lets later requests fail with EIO.
	 */
	@Override
	public void close() {
		this.closed = true;
	}

	@Override
	public String toString() {
		return "pattern store with the seed " + this.seed;
	}

}
