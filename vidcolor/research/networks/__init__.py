"""The published networks, as their papers have them.

Read in this order: lab, vgg_encoder, decoder, unet, critic; attention, exemplar, exemplar_masked; diffusion,
denoiser, palette, diffusart.
"""
