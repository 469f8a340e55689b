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

import java.util.concurrent.Callable;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Hands each request to a {@link BlockDeviceHandler}.
 */
final class HandlerServer implements RequestServer {

	private final BlockDeviceHandler handler;

	HandlerServer(BlockDeviceHandler handler) {
		this.handler = handler;
	}

	@Override
	public void start() {
		// a handler has no life cycle of its own
	}

	@Override
	public void serve(IoRequest request) {
		try {
			Mono<Void> answer = call(request);
			if (answer == null) {
				request.failWith(new BlockIoException(BlockErrno.EIO,
						CodeName.of(this.handler, "handler") + " returned null instead of a Mono"));
			}
			else if (answer instanceof RingTransfer transfer) {
				// the test for an interface below takes long when it fails
				transfer.subscribe(request);
			}
			else if (answer instanceof Callable<?> callable) {
				// Reactor's own mark of a Mono that ends while it is subscribed, as
				// Mono.empty() does: its result is here without a subscription
				callable.call();
				request.succeed();
			}
			else {
				answer.subscribe(request);
			}
		}
		// whatever a handler throws must not end the queue
		catch (Throwable ex) {
			request.failWith(ex);
		}
	}

	private @Nullable Mono<Void> call(IoRequest request) {
		if (request instanceof IoRequest.Read read) {
			return this.handler.read(read);
		}
		if (request instanceof IoRequest.Write write) {
			return this.handler.write(write);
		}
		if (request instanceof IoRequest.Flush flush) {
			return this.handler.flush(flush);
		}
		if (request instanceof IoRequest.Discard discard) {
			return this.handler.discard(discard);
		}
		return this.handler.writeZeroes((IoRequest.WriteZeroes) request);
	}

	@Override
	public void progress() {
		// nothing is kept back
	}

	@Override
	public void stop() {
		// a handler has no life cycle of its own
	}

	@Override
	public boolean streamed() {
		return false;
	}

}
