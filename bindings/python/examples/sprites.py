# SPDX-License-Identifier: MIT
"""Train a small TVAE on moving sprites and plot a traversal; about a minute on two cores."""

import tvae

tvae.set_threads()
sprites = dict(image_size=32, varying=["posX", "posY"])
prior = tvae.Prior(15, 15, tvae.Neighbourhood.shifting(window_frames=10))
model = tvae.Model(prior, frame_shape=(1, 32, 32), seed=1)
model.fit(tvae.Dataset.sprites(**sprites), steps=3000, optimizer="adam", learning_rate=1e-3)
test = tvae.Dataset.sprites(split="test", **sprites).take(200)
print("held out:", model.elbo(test.x))
tvae.plot.traversal(model, test.x[0], "traversal.png")
