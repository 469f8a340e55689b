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

package io.github.ublk4j.engine.queue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;

import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.uring.IoUring;
import org.jspecify.annotations.Nullable;

/**
 * What a ring does with a transfer, done with a {@link FileChannel}.
 */
final class SimulatedTransfer {

	// ends with its work, and keeps no application that was restarted
	private static final Executor THREADS = new ThreadPoolExecutor(0, Integer.MAX_VALUE, 1, TimeUnit.SECONDS,
			new SynchronousQueue<>(), (task) -> {
				Thread thread = new Thread(task, "ublk-simulated-ring");
				thread.setDaemon(true);
				thread.setContextClassLoader(null);
				return thread;
			});

	private static final ByteBuffer ZEROS = ByteBuffer.allocate(64 << 10).asReadOnlyBuffer();

	private final int opcode;

	private final int fd;

	private final long position;

	private final long length;

	private final int flags;

	// what is still to be moved; none where nothing is
	private final @Nullable ByteBuffer rest;

	/**
	 * Describes a transfer. Called by the loop.
	 */
	SimulatedTransfer(RingOperation transfer, SimulatedRequest request) {
		this.opcode = transfer.opcode();
		this.fd = transfer.fd();
		this.position = transfer.restPosition();
		this.length = transfer.restLength();
		this.flags = transfer.flags();
		IoBuffer memory = transfer.data().memory();
		boolean fixed = transfer.data().fixedBuffer() != DataPath.NO_FIXED_BUFFER;
		ByteBuffer all = fixed ? request.pages() : (memory != null) ? memory.bytes().duplicate().clear() : null;
		this.rest = (all != null)
				? all.slice((int) (transfer.restAddress() - transfer.data().address()), (int) this.length) : null;
	}

	/**
	 * Does it, on another thread.
	 * @param completion takes the result as the ring would give it
	 */
	void start(IntConsumer completion) {
		THREADS.execute(() -> completion.accept(result()));
	}

	private int result() {
		if (!OpenDescriptor.areAccessible()) {
			return -Errno.EOPNOTSUPP;
		}
		boolean reads = this.opcode == IoUring.OP_READ || this.opcode == IoUring.OP_READ_FIXED;
		try (FileChannel file = OpenDescriptor.open(this.fd, !reads)) {
			return switch (this.opcode) {
				case IoUring.OP_READ, IoUring.OP_READ_FIXED -> read(file);
				case IoUring.OP_WRITE, IoUring.OP_WRITE_FIXED -> write(file);
				case IoUring.OP_FSYNC -> sync(file);
				case IoUring.OP_FALLOCATE -> zero(file);
				default -> -Errno.EOPNOTSUPP;
			};
		}
		catch (IOException | RuntimeException ex) {
			return -OpenDescriptor.errnoOf(ex);
		}
	}

	private int read(FileChannel file) throws IOException {
		ByteBuffer target = Objects.requireNonNull(this.rest);
		while (target.hasRemaining() && file.read(target, this.position + target.position()) > 0) {
			// the file may give it in pieces
		}
		return target.position();
	}

	private int write(FileChannel file) throws IOException {
		ByteBuffer source = Objects.requireNonNull(this.rest);
		while (source.hasRemaining()) {
			file.write(source, this.position + source.position());
		}
		if ((this.flags & IoUring.RWF_DSYNC) != 0) {
			file.force(false);
		}
		return source.position();
	}

	private static int sync(FileChannel file) throws IOException {
		file.force(false);
		return 0;
	}

	// what is beyond the end of the file reads as zeros by the rules of the disk
	private int zero(FileChannel file) throws IOException {
		long end = Math.min(this.position + this.length, file.size());
		for (long at = this.position; at < end;) {
			at += file.write(ZEROS.slice(0, (int) Math.min(ZEROS.capacity(), end - at)), at);
		}
		return 0;
	}

}
