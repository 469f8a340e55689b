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

package io.github.ublk4j.engine;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the listeners are still to be told about one device. News is added where it
 * happens, under the locks that give it its order, and told later, without them.
 */
final class DeviceNews {

	private static final Logger logger = LoggerFactory.getLogger(DeviceNews.class);

	private final List<DeviceListener> listeners;

	private final Queue<Consumer<DeviceListener>> untold = new ConcurrentLinkedQueue<>();

	private final AtomicInteger telling = new AtomicInteger();

	DeviceNews(List<DeviceListener> listeners) {
		this.listeners = listeners;
	}

	void add(Consumer<DeviceListener> news) {
		this.untold.add(news);
	}

	/**
	 * Tells what has been added. When another thread is doing so already, or this one
	 * further up its stack, it is left to tell the rest.
	 */
	void tell() {
		if (this.telling.getAndIncrement() != 0) {
			return;
		}
		int calls = 1;
		do {
			for (Consumer<DeviceListener> news = this.untold.poll(); news != null; news = this.untold.poll()) {
				tell(news);
			}
			calls = this.telling.addAndGet(-calls);
		}
		while (calls != 0);
	}

	private void tell(Consumer<DeviceListener> news) {
		for (DeviceListener listener : this.listeners) {
			try {
				news.accept(listener);
			}
			catch (Throwable ex) {
				logger.error("The device listener {} failed", listener, ex);
			}
		}
	}

}
