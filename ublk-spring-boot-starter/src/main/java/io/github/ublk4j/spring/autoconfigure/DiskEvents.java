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

package io.github.ublk4j.spring.autoconfigure;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.ublk4j.spring.BlockDeviceEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.context.ApplicationEventPublisher;

/**
 * The events of one disk, in their order. They are added while the disk is changed, and
 * published when the change is over, so that a listener can change the disk again.
 */
final class DiskEvents {

	private static final Logger logger = LoggerFactory.getLogger(DiskEvents.class);

	private final ApplicationEventPublisher publisher;

	private final Queue<BlockDeviceEvent> unpublished = new ConcurrentLinkedQueue<>();

	private final AtomicInteger publishing = new AtomicInteger();

	DiskEvents(ApplicationEventPublisher publisher) {
		this.publisher = publisher;
	}

	void add(BlockDeviceEvent event) {
		this.unpublished.add(event);
	}

	/**
	 * Publishes what has been added, unless a thread does so already: it goes on then.
	 */
	void publish() {
		if (this.publishing.getAndIncrement() != 0) {
			return;
		}
		int calls = 1;
		do {
			for (BlockDeviceEvent event = this.unpublished.poll(); event != null; event = this.unpublished.poll()) {
				publish(event);
			}
			calls = this.publishing.addAndGet(-calls);
		}
		while (calls != 0);
	}

	private void publish(BlockDeviceEvent event) {
		try {
			this.publisher.publishEvent(event);
		}
		catch (Throwable ex) {
			logger.error("A listener of {} of disk '{}' failed", event.getClass().getSimpleName(), event.name(), ex);
		}
	}

}
