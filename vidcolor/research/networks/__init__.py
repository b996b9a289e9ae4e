"""The published networks, as their papers have them; and our own, as they are trained.

Read in this order: lab, vgg_encoder, decoder, unet, critic; attention, exemplar, exemplar_masked; diffusion,
denoiser, palette, diffusart. Our own, as they are trained: layers, ours, files.
"""
