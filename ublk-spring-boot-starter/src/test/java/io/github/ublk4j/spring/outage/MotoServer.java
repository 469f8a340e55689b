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

import io.github.ublk4j.spring.LocalServer;
import io.github.ublk4j.spring.TestS3;
import software.amazon.awssdk.services.s3.S3AsyncClient;

import org.springframework.context.support.GenericApplicationContext;

/**
 * Moto, a test double of S3, behind a relay. Its data lives as long as its process, so
 * this is stopped for a while but never ended: what goes away is the relay.
 */
final class MotoServer implements OutageServer, AutoCloseable {

	private final LocalServer moto = LocalServer.motoOfItsOwn();

	private final Relay relay = new Relay(this.moto.port());

	/**
	 * As long as it is open, the threads of the SDK need not end with each application.
	 */
	private final S3AsyncClient client = client();

	/** Starts one that has the bucket of the tests. */
	MotoServer() {
		this.client.createBucket((request) -> request.bucket(TestS3.BUCKET)).join();
	}

	private S3AsyncClient client() {
		return TestS3.client(this.relay.port());
	}

	@Override
	public void silence() {
		this.moto.suspend();
	}

	@Override
	public void resume() {
		this.moto.resume();
	}

	@Override
	public void takeAway() {
		this.relay.takeAway();
	}

	@Override
	public void bringBack() {
		this.relay.bringBack();
	}

	/**
	 * Lets it answer errors, also to requests that it has done.
	 * @param status 500 or 503
	 * @param every 1 for errors to all requests, 3 for errors to each third one
	 */
	void answerErrors(int status, int every) {
		this.moto.answerErrors(status, every);
	}

	void answerWithoutErrors() {
		this.moto.answerWithoutErrors();
	}

	@Override
	public void announceTo(GenericApplicationContext application) {
		application.registerBean(S3AsyncClient.class, this::client);
	}

	@Override
	public void close() {
		this.client.close();
		this.relay.close();
		this.moto.end();
	}

}
