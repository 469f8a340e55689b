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

import reactor.core.publisher.Mono;

interface Bucket {

	Mono<ByteBuffer> get(long offset, int length);

	Mono<Void> put(long offset, ByteBuffer data);

	Mono<Void> sync();

	void delete(long offset, long length);

}

@BlockDevice(name = "bucket", size = "4GB")
class BucketDisk {

	private final Bucket bucket; // your storage

	BucketDisk(Bucket bucket) {
		this.bucket = bucket;
	}

	@OnRead
	Mono<ByteBuffer> load(long offset, int length) {
		return this.bucket.get(offset, length);
	}

	@OnWrite
	Mono<Void> save(long offset, ByteBuffer data) {
		return this.bucket.put(offset, data);
	}

	@OnFlush
	Mono<Void> sync() {
		return this.bucket.sync();
	}

	@OnDiscard
	void drop(long offset, long length) {
		this.bucket.delete(offset, length); // no Mono: may block
	}

}
